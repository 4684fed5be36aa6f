import { gzipSync } from "node:zlib";
import { Metadata } from "@grpc/grpc-js";
import { newSpanId } from "#lib/ids.ts";
import { channelCredentials } from "#lib/rpc/client.ts";
import {
  ExportTraceServiceRequest,
  ExportTraceServiceResponse,
  TraceServiceClient,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { type Span, Span_SpanKind, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { Stack } from "../system/stack.ts";

/** A span of an agent's own. */
export interface AgentSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. Default: a new one. */
  readonly spanId?: string;
  /** Default: it is a root. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  /** Texts and whole numbers. */
  readonly attributes?: Readonly<Record<string, string | bigint>>;
}

/** The ways by which an agent may send its spans. */
export const WAYS = ["HTTP protobuf", "HTTP protobuf, gzip", "HTTP JSON", "gRPC"] as const;
export type Way = (typeof WAYS)[number];

/** Where spans may be sent to. */
export type OtlpPlace = Pick<Stack, "url" | "traceWriterAddress">;

/** Sends an agent's spans by OTLP. Returns how many were rejected. Fails when the export fails. */
export async function sendSpans(
  stack: OtlpPlace,
  way: Way,
  spans: readonly AgentSpan[],
  headers: Readonly<Record<string, string>> = {},
): Promise<bigint> {
  const sent = spans.map((span) => ({ spanId: newSpanId(), parentSpanId: "", attributes: {}, ...span }));
  switch (way) {
    case "HTTP protobuf":
      return rejectedIn(await post(stack, encoded(sent), { "content-type": "application/x-protobuf", ...headers }));
    case "HTTP protobuf, gzip": {
      const type = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };
      return rejectedIn(await post(stack, gzipSync(encoded(sent)), { ...type, ...headers }));
    }
    case "HTTP JSON": {
      const body = Buffer.from(JSON.stringify(jsonOf(sent)));
      const answer = JSON.parse(
        (await post(stack, body, { "content-type": "application/json", ...headers })).toString(),
      );
      return BigInt(answer.partialSuccess?.rejectedSpans ?? 0);
    }
    case "gRPC":
      return sendByGrpc(stack, sent, headers);
  }
}

type SentSpan = Required<AgentSpan>;

async function post(
  { url }: OtlpPlace,
  body: Buffer<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const answer = await fetch(`${url}/v1/traces`, { method: "POST", headers, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.status !== 200) throw new Error(`OTLP was answered ${answer.status}: ${bytes.toString("latin1")}`);
  return bytes;
}

function rejectedIn(answer: Buffer): bigint {
  return ExportTraceServiceResponse.decode(answer).partialSuccess?.rejectedSpans ?? 0n;
}

async function sendByGrpc(
  { traceWriterAddress }: OtlpPlace,
  spans: readonly SentSpan[],
  headers: Readonly<Record<string, string>>,
): Promise<bigint> {
  const client = new TraceServiceClient(traceWriterAddress, channelCredentials());
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  try {
    const answer = await new Promise<ExportTraceServiceResponse>((resolve, reject) => {
      client.export(requestOf(spans), metadata, (error, response) =>
        error === null ? resolve(response) : reject(error),
      );
    });
    return answer.partialSuccess?.rejectedSpans ?? 0n;
  } finally {
    client.close();
  }
}

function encoded(spans: readonly SentSpan[]): Buffer<ArrayBuffer> {
  return Buffer.from(ExportTraceServiceRequest.encode(requestOf(spans)).finish());
}

function requestOf(spans: readonly SentSpan[]): ExportTraceServiceRequest {
  const scopeSpans = [{ scope: undefined, spans: spans.map(spanOf), schemaUrl: "" }];
  return { resourceSpans: [{ resource: undefined, scopeSpans, schemaUrl: "" }] };
}

function spanOf(span: SentSpan): Span {
  return {
    traceId: Buffer.from(span.traceId, "hex"),
    spanId: Buffer.from(span.spanId, "hex"),
    traceState: "",
    parentSpanId: Buffer.from(span.parentSpanId, "hex"),
    flags: 1,
    name: span.name,
    kind: Span_SpanKind.SPAN_KIND_INTERNAL,
    startTimeUnixNano: span.startNanos,
    endTimeUnixNano: span.endNanos,
    attributes: Object.entries(span.attributes).map(([key, value]) => ({
      key,
      value: { value: typeof value === "bigint" ? { $case: "intValue", value } : { $case: "stringValue", value } },
    })),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: Status_StatusCode.STATUS_CODE_OK, message: "" },
  };
}

/** OTLP's own JSON: ids in hex, 64-bit numbers as text, names in camelCase. */
function jsonOf(spans: readonly SentSpan[]): object {
  const written = spans.map((span) => ({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: 1,
    flags: 1,
    startTimeUnixNano: span.startNanos.toString(),
    endTimeUnixNano: span.endNanos.toString(),
    attributes: Object.entries(span.attributes).map(([key, value]) => ({
      key,
      value: typeof value === "bigint" ? { intValue: value.toString() } : { stringValue: value },
    })),
    status: { code: 1 },
  }));
  return { resourceSpans: [{ scopeSpans: [{ spans: written }] }] };
}
