import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Agent, type Dispatcher } from "undici";
import { ExportTraceServiceResponse } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { retryAfterMsOf } from "../core/forwarding/retry-after.ts";
import type { Destination, DestinationOptions, Sent } from "./destination.ts";

const gzipped = promisify(gzip);
/** The statuses that OTLP/HTTP says may pass. */
const RETRYABLE = new Set([429, 502, 503, 504]);
/** The statuses that may be the fault of one of the spans. */
const OF_BATCH = new Set([400, 413, 422]);
/** An answer is a few bytes. More of it is not read. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** An OTLP receiver over HTTP. Redirects are not followed: headers with secrets go to the URL that was configured alone. */
export function createHttpDestination(options: DestinationOptions): Destination {
  const url = new URL(options.url);
  const agent = new Agent({ connections: 1, pipelining: 1, connect: { timeout: options.timeoutMs } });
  const isZipped = options.compression === "gzip";
  const headers = {
    "user-agent": "twinspan",
    ...options.headers,
    "content-type": "application/x-protobuf",
    "accept-encoding": "identity",
    ...(isZipped ? { "content-encoding": "gzip" } : {}),
  };
  return {
    async send(request, signal) {
      const limit = AbortSignal.timeout(options.timeoutMs);
      try {
        const answer = await agent.request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: "POST",
          headers,
          body: isZipped ? await gzipped(request) : request,
          signal: AbortSignal.any([signal, limit]),
        });
        return await sentOf(answer, Date.now());
      } catch (error) {
        const reason = limit.aborted ? `no answer within ${options.timeoutMs} ms` : reasonOf(error);
        return { kind: "failed", reason, retryAfterMs: undefined };
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

async function sentOf({ statusCode, headers, body }: Dispatcher.ResponseData, nowMs: number): Promise<Sent> {
  const reason = `HTTP ${statusCode}`;
  if (statusCode >= 200 && statusCode < 300) {
    return { kind: "accepted", rejectedSpans: rejectedIn(await bytesOf(body)) };
  }
  await body.dump({ limit: ANSWER_BYTES_MAX });
  if (RETRYABLE.has(statusCode)) {
    const header = headers["retry-after"];
    const retryAfterMs = retryAfterMsOf(Array.isArray(header) ? header[0] : header, nowMs);
    return { kind: "failed", reason, retryAfterMs };
  }
  return { kind: "refused", reason, isOfBatch: OF_BATCH.has(statusCode) };
}

async function bytesOf(body: Dispatcher.ResponseData["body"]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    if (!Buffer.isBuffer(piece)) continue;
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) return Buffer.alloc(0);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** How many spans were not taken. Some receivers answer with nothing, or with JSON: then all were. */
function rejectedIn(answer: Buffer): number {
  try {
    return Number(ExportTraceServiceResponse.decode(answer).partialSuccess?.rejectedSpans ?? 0n);
  } catch {
    // The protobuf runtime throws errors of several kinds; they all say that this is no answer of ours to read.
    return 0;
  }
}

/** By the code alone: messages of others are not shown. */
function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? `no answer (${String(error.code)})` : "no answer";
}
