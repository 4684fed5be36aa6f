import {
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError as RpcError,
  status,
} from "@grpc/grpc-js";
import { channelOptions } from "#lib/rpc/client.ts";
import { RetryInfo } from "#proto/google/rpc/error_details.ts";
import { Status } from "#proto/google/rpc/status.ts";
import {
  ExportTraceServiceResponse,
  TraceServiceService,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { retryDelayMsOf } from "../core/forwarding/retry-after.ts";
import type { Destination, DestinationOptions, Sent } from "./destination.ts";

/** The codes that OTLP/gRPC says may pass. RESOURCE_EXHAUSTED is one of them where the receiver says when. */
const RETRYABLE: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);
/** The codes that may be the fault of one of the spans, or of their number. */
const OF_BATCH: ReadonlySet<number> = new Set([status.INVALID_ARGUMENT, status.RESOURCE_EXHAUSTED]);
/** An answer is a few bytes. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** An OTLP receiver over gRPC: TLS where its URL is https. */
export function createGrpcDestination(options: DestinationOptions): Destination {
  const { protocol, hostname, port } = new URL(options.url);
  const isTls = protocol === "https:";
  const client = new Client(
    `dns:///${hostname}:${port || (isTls ? "443" : "80")}`,
    isTls ? credentials.createSsl() : credentials.createInsecure(),
    {
      ...channelOptions(ANSWER_BYTES_MAX),
      ...(options.compression === "gzip" ? { "grpc.default_compression_algorithm": compressionAlgorithms.gzip } : {}),
    },
  );
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers)) metadata.set(name, value);
  return {
    send: (request, signal) => send(client, request, metadata, options.timeoutMs, signal),
    async [Symbol.asyncDispose]() {
      client.close();
    },
  };
}

function send(
  client: Client,
  request: Uint8Array,
  metadata: Metadata,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Sent> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(
      TraceServiceService.export.path,
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      (bytes: Buffer) => ExportTraceServiceResponse.decode(bytes),
      request,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (error !== null) resolve(sentOf(error));
        else resolve({ kind: "accepted", rejectedSpans: Number(response?.partialSuccess?.rejectedSpans ?? 0n) });
      },
    );
    const cancel = () => call.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
  });
}

function sentOf(error: RpcError): Sent {
  const reason = `gRPC ${status[error.code] ?? error.code}`;
  const retryAfterMs = retryInfoOf(error);
  const isExhausted = error.code === status.RESOURCE_EXHAUSTED && retryAfterMs !== undefined;
  if (isExhausted || RETRYABLE.has(error.code)) return { kind: "failed", reason, retryAfterMs };
  return { kind: "refused", reason, isOfBatch: OF_BATCH.has(error.code) };
}

/** How long the receiver asks to wait, in milliseconds. Undefined: it does not say. */
function retryInfoOf(error: RpcError): number | undefined {
  const bytes = error.metadata?.get("grpc-status-details-bin")[0];
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    const info = Status.decode(bytes).details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.RetryInfo"));
    const delay = info && RetryInfo.decode(info.value).retryDelay;
    return delay && retryDelayMsOf(delay);
  } catch {
    // The protobuf runtime throws errors of several kinds; they all say that the details are none.
    return undefined;
  }
}
