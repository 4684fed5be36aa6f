import type { IncomingMessage } from "node:http";
import { createGunzip } from "node:zlib";
import { ServiceError } from "#lib/service-error.ts";
import type { HeldBody } from "./body-budget.ts";
import { encodingOf, printable } from "./core/content.ts";
import { readBody } from "./read-body.ts";

const SETTING = "ingress.limits.otlpBytesMax";
/** How much is decompressed at a time. */
const PIECE_BYTES = 256 * 1024;

/**
 * The body of an OTLP export, decompressed. `bytesMax` holds before and after decompression; more is
 * `request_too_large`, and both count against `held`. A compression other than gzip is `unsupported_media_type`, a body that is not what it says is
 * `invalid_request`.
 */
export async function readOtlpBody(request: IncomingMessage, held: HeldBody, bytesMax: number): Promise<Buffer> {
  const encoding = encodingOf(request.headers);
  if (encoding !== "identity" && encoding !== "gzip") {
    throw new ServiceError(
      "unsupported_media_type",
      `The request has content-encoding ${printable(encoding)}. Send gzip, or nothing.`,
    );
  }
  const body = await readBody(request, held, bytesMax, SETTING);
  if (encoding === "identity" || body.length === 0) return body;
  try {
    return await inflate(body, held, bytesMax);
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError("invalid_request", "The body is not gzip, though content-encoding says so.", { cause });
  }
}

/** Piece by piece, since nobody knows beforehand how much it will be: a few kilobytes may come to the limit. */
async function inflate(body: Buffer, held: HeldBody, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const gunzip: AsyncIterable<Buffer> = createGunzip({ chunkSize: PIECE_BYTES }).end(body);
  for await (const piece of gunzip) {
    bytes += piece.length;
    if (bytes > bytesMax) {
      throw new ServiceError(
        "request_too_large",
        `The body is larger than ${bytesMax} bytes once decompressed (${SETTING}). Send smaller batches.`,
      );
    }
    held.take(piece.length);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, bytes);
}
