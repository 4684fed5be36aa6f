import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ClientReadableStream } from "@grpc/grpc-js";
import type { FastifyReply } from "fastify";
import { rpcErrorOf, serviceErrorOfRpc } from "#lib/rpc/status-details.ts";
import { ServiceError, serviceErrorOf } from "#lib/service-error.ts";
import { COMPRESSED, END_OF_STREAM, envelopeOf } from "../core/connect/connect-envelope.ts";
import { connectErrorOf } from "../core/connect/connect-error.ts";
import { gzipped } from "./gzipped.ts";

/** How a stream is answered. */
export interface StreamAnswer {
  readonly contentType: string;
  readonly requestId: string;
  /** Whether its messages are compressed. */
  readonly isGzipped: boolean;
  /** Who answers, in errors. */
  readonly peer: string;
  /** Aborts when the ingress drains. The stream ends then, and says that it may be asked for again. */
  readonly draining: AbortSignal;
  /** A message as the caller reads it. */
  write(message: Buffer): Buffer;
}

/**
 * Answers with the messages of a call, each in its envelope, and a last one that tells how the stream ended. The next
 * message is taken when the last one has room to go; a client that hangs up cancels the call.
 */
export async function answerStream(
  call: ClientReadableStream<Buffer>,
  { raw: response, responseEnd }: FastifyReply,
  answer: StreamAnswer,
): Promise<void> {
  const cancel = () => call.cancel();
  responseEnd.tell(cancel);
  answer.draining.addEventListener("abort", cancel, { once: true });
  try {
    writeHead(response, answer);
    await pipeline(Readable.from(envelopesOf(call, answer), { objectMode: true, highWaterMark: 1 }), response);
  } catch (error) {
    // Nobody is there to be told.
    if (!response.destroyed) throw error;
  } finally {
    answer.draining.removeEventListener("abort", cancel);
    cancel();
  }
}

/** Answers with a failure before there was a call: as a stream of no message. */
export function refuseStream(thrown: unknown, response: ServerResponse, answer: StreamAnswer): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  writeHead(response, answer);
  response.end(endOf(serviceErrorOf(thrown)));
}

async function* envelopesOf(call: ClientReadableStream<Buffer>, answer: StreamAnswer): AsyncGenerator<Buffer> {
  try {
    for await (const message of call) {
      const written = answer.write(message);
      const compressed = answer.isGzipped ? await gzipped(written) : undefined;
      yield compressed === undefined ? envelopeOf(0, written) : envelopeOf(COMPRESSED, compressed);
    }
  } catch (thrown) {
    yield endOf(failureOf(thrown, answer));
    return;
  }
  yield endOf(undefined);
}

function failureOf(thrown: unknown, { peer, draining }: StreamAnswer): ServiceError {
  if (draining.aborted) {
    return new ServiceError("unavailable", "The ingress drains. Ask again.", { cause: thrown, retryAfterMs: 1000 });
  }
  return thrown instanceof Error ? serviceErrorOfRpc(rpcErrorOf(thrown), peer) : serviceErrorOf(thrown);
}

function endOf(error: ServiceError | undefined): Buffer {
  const end = error === undefined ? {} : { error: connectErrorOf(error) };
  return envelopeOf(END_OF_STREAM, Buffer.from(JSON.stringify(end)));
}

function writeHead(response: ServerResponse, { contentType, isGzipped, requestId }: StreamAnswer): void {
  response.writeHead(200, {
    "content-type": contentType,
    "cache-control": "no-store",
    "x-request-id": requestId,
    ...(isGzipped ? { "connect-content-encoding": "gzip" } : {}),
  });
  response.flushHeaders();
}
