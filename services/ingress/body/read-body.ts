import type { IncomingMessage } from "node:http";
import { ServiceError } from "#lib/service-error.ts";
import { joined, type RequestBody } from "../core/request-body.ts";
import type { HeldBody } from "./body-budget.ts";

/** How much of a refused body is still taken off the wire, so that its sender comes to read the refusal. */
const DISCARDED_BYTES_MAX = 256 * 1024 * 1024;

/** A request's body, whole, in one piece. The same refusals as those of {@link readPieces}. */
export async function readBody(
  request: IncomingMessage,
  held: HeldBody,
  bytesMax: number,
  setting: string,
): Promise<Buffer> {
  return joined(await readPieces(request, held, bytesMax, setting));
}

/**
 * A request's body, whole, in pieces as they came. A body of more than `bytesMax` throws `request_too_large` at once,
 * and what still comes of it is thrown away; `setting` is the limit's name in the configuration. One that `held` has no
 * room for is `overloaded`, likewise. A client that hangs up before the end of its body throws `cancelled`.
 */
export function readPieces(
  request: IncomingMessage,
  held: HeldBody,
  bytesMax: number,
  setting: string,
): Promise<RequestBody> {
  const tooLarge = () =>
    new ServiceError("request_too_large", `The body is larger than ${bytesMax} bytes (${setting}). Send less.`);
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) {
    discard(request, 0);
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    if (request.destroyed) return reject(hungUp());
    const pieces: Buffer[] = [];
    let bytes = 0;
    // All of these keep the pieces: none may stay on the request, which lives until its answer has ended.
    const stop = () => {
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    };
    const onData = (piece: Buffer) => {
      bytes += piece.length;
      try {
        if (bytes > bytesMax) throw tooLarge();
        held.take(piece.length);
        pieces.push(piece);
      } catch (refusal) {
        pieces.length = 0;
        held.release();
        stop();
        discard(request, bytes);
        reject(refusal);
      }
    };
    const onEnd = () => {
      stop();
      resolve({ pieces, bytes });
    };
    const onError = (cause: Error) => reject(hungUp(cause));
    const onClose = () => {
      if (!request.complete) reject(hungUp());
    };
    request.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
  });
}

/** A connection that is closed while its answer is on the way loses the answer, so the rest is read and dropped. */
function discard(request: IncomingMessage, before: number): void {
  let bytes = before;
  request.on("error", () => request.destroy());
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARDED_BYTES_MAX) request.destroy();
  });
}

function hungUp(cause?: Error): ServiceError {
  return new ServiceError("cancelled", "The client hung up before the end of its body.", { cause });
}
