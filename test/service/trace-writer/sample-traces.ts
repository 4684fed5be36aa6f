import { EMPTY_RECORD } from "#lib/spans/empty-record.ts";
import type { AnyValue, KeyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { ResourceSpans, Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { InvocationRecord, SpanPayload } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { ExperimentRef, MirrorSpan } from "#proto/twinspan/trace/v1/mirror.ts";

/** When the samples happen: in 2026, in nanoseconds since the Unix epoch. */
export const T0 = 1_780_000_000_000_000_000n;
/** What stands in every sample's payload, and must be found nowhere else. */
export const CANARY = "canary-4f1c";

/** A trace's id from a small number: 32 hex digits. */
export const traceId = (n: number) => n.toString(16).padStart(32, "0");
/** A span's id from a small number: 16 hex digits. */
export const spanId = (n: number) => n.toString(16).padStart(16, "0");

type Value = string | number | boolean;

/** OTLP attributes. */
export function attributes(values: Readonly<Record<string, Value>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: { value: anyValue(value) } }));
}

export interface SampleSpan {
  readonly trace: string;
  readonly span: string;
  readonly parent?: string;
  /** In nanoseconds after T0. */
  readonly start?: number;
  readonly end?: number;
  readonly name?: string;
  readonly failed?: boolean;
  readonly attributes?: Readonly<Record<string, Value>>;
}

/** A span as an agent sends it. */
export function span(sample: SampleSpan): Span {
  return {
    traceId: Buffer.from(sample.trace, "hex"),
    spanId: Buffer.from(sample.span, "hex"),
    traceState: "",
    parentSpanId: Buffer.from(sample.parent ?? "", "hex"),
    flags: 1,
    name: sample.name ?? "work",
    kind: 1,
    startTimeUnixNano: T0 + BigInt(sample.start ?? 0),
    endTimeUnixNano: T0 + BigInt(sample.end ?? 100),
    attributes: attributes(sample.attributes ?? {}),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: sample.failed === true ? 2 : 0, message: "" },
  };
}

/** Spans of one resource. */
export function resourceSpans(spans: readonly Span[], service = "agent"): ResourceSpans {
  return {
    resource: { attributes: attributes({ "service.name": service }), droppedAttributesCount: 0, entityRefs: [] },
    scopeSpans: [
      {
        scope: { name: "test", version: "1", attributes: [], droppedAttributesCount: 0 },
        spans: [...spans],
        schemaUrl: "",
      },
    ],
    schemaUrl: "",
  };
}

export interface SampleRecord {
  /** A number of its own, from which its ids are made. */
  readonly n: number;
  readonly experiment?: string;
  /** In nanoseconds after T0. */
  readonly start?: number;
  readonly attempts?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly payloads?: readonly SpanPayload[];
  /** The endpoint's workspace. Absent: the one that it is written to. */
  readonly workspace?: string;
  /** The caller's trace and span, its workspace, and where it asks the mirror to be filed. Absent: there is no mirror. */
  readonly caller?: {
    readonly trace: string;
    readonly span: string;
    readonly workspace?: string;
    /** The name of its key. */
    readonly key?: string;
    readonly experiment?: ExperimentRef;
  };
}

/** The ids that a sample record has. */
export function idsOf(n: number) {
  return {
    full: traceId(0xf000 + n),
    root: spanId(0xf0000 + n * 0x100),
    mirror: spanId(0xe0000 + n * 0x100),
    attempt: (index: number) => spanId(0xf0001 + n * 0x100 + index),
    mirrorAttempt: (index: number) => spanId(0xe0001 + n * 0x100 + index),
    responseId: `chatcmpl-${n}`,
  };
}

/** A record of a call, its twins spelled out: 100 ns, parted among its attempts; 10 tokens in and 5 out for each. */
export function record(sample: SampleRecord): InvocationRecord {
  const ids = idsOf(sample.n);
  const start = sample.start ?? 10;
  const attempts = Array.from({ length: sample.attempts ?? 1 }, (_, index) => index);
  const root = span({
    trace: ids.full,
    span: ids.root,
    start,
    end: start + 100,
    name: "gateway/demo",
    attributes: { endpoint_name: "demo" },
  });
  const spans = attempts.map((index) =>
    span({
      trace: ids.full,
      span: ids.attempt(index),
      parent: ids.root,
      start: start + 1 + index,
      end: start + Math.min(90 + index, 100),
      name: "model/scripted/echo-1",
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "echo-1",
        "gen_ai.response.id": ids.responseId,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "mlflow.llm.cost": JSON.stringify({ input_cost: 1e-6, output_cost: 2e-6, total_cost: 3e-6 }),
      },
    }),
  );
  const link = {
    traceId: Buffer.from(sample.caller?.trace ?? "", "hex"),
    spanId: Buffer.from(ids.mirror, "hex"),
    traceState: "",
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
  };
  return {
    ...EMPTY_RECORD,
    full: {
      traceId: Buffer.from(ids.full, "hex"),
      experiment: sample.experiment ?? "gateway/demo",
      resourceSpans: resourceSpans([{ ...root, links: sample.caller ? [link] : [] }, ...spans], "twinspan-gateway"),
      metadata: { "mlflow.gateway.endpointId": "demo", ...sample.metadata },
      workspace: sample.workspace ?? "",
    },
    payloads: sample.payloads?.slice() ?? [payload(ids.root)],
    mirror: sample.caller && {
      workspace: sample.caller.workspace ?? "",
      callerKey: sample.caller.key ?? "",
      traceId: Buffer.from(sample.caller.trace, "hex"),
      spans: [
        mirrorSpan({
          spanId: Buffer.from(ids.mirror, "hex"),
          parentSpanId: Buffer.from(sample.caller.span, "hex"),
          role: 1,
          startTimeUnixNano: root.startTimeUnixNano,
          endTimeUnixNano: root.endTimeUnixNano,
          endpointId: "demo",
          endpointName: "demo",
          requestType: 1,
          usage: { inputTokens: BigInt(10 * attempts.length), outputTokens: BigInt(5 * attempts.length) },
          cost: costOf(attempts.length),
        }),
        ...spans.map(({ startTimeUnixNano, endTimeUnixNano }, index) =>
          mirrorSpan({
            spanId: Buffer.from(ids.mirrorAttempt(index), "hex"),
            parentSpanId: Buffer.from(ids.mirror, "hex"),
            role: 2,
            startTimeUnixNano,
            endTimeUnixNano,
            requestType: 1,
            provider: "scripted",
            requestModel: "echo-1",
            responseId: ids.responseId,
            attemptIndex: index,
            attemptReason: index === 0 ? 1 : 2,
            usage: { inputTokens: 10n, outputTokens: 5n },
            cost: costOf(1),
            httpStatus: 200,
          }),
        ),
      ],
      experiment: sample.caller.experiment,
      linkedTraceId: Buffer.from(ids.full, "hex"),
      linkedSpanId: Buffer.from(ids.root, "hex"),
    },
  };
}

/** A payload that holds the canary in every part. */
export function payload(span: string, errorText = ""): SpanPayload {
  return {
    spanId: Buffer.from(span, "hex"),
    inputs: Buffer.from(JSON.stringify({ messages: [{ role: "user", content: CANARY }] })),
    outputs: Buffer.from(JSON.stringify({ choices: [{ message: { content: CANARY } }] })),
    errorText,
    truncated: false,
  };
}

function mirrorSpan(fields: Partial<MirrorSpan>): MirrorSpan {
  return {
    spanId: Buffer.alloc(0),
    parentSpanId: Buffer.alloc(0),
    role: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    errorType: 0,
    endpointId: "",
    endpointName: "",
    serverUrl: "",
    requestType: 0,
    streaming: false,
    provider: "",
    requestModel: "",
    responseModel: "",
    responseId: "",
    finishReasons: [],
    attemptIndex: 0,
    attemptReason: 0,
    usage: undefined,
    cost: undefined,
    httpStatus: 0,
    ...fields,
  };
}

function costOf(calls: number) {
  return {
    inputNanoUsd: BigInt(1000 * calls),
    outputNanoUsd: BigInt(2000 * calls),
    totalNanoUsd: BigInt(3000 * calls),
  };
}

function anyValue(value: Value): AnyValue["value"] {
  if (typeof value === "string") return { $case: "stringValue", value };
  if (typeof value === "boolean") return { $case: "boolValue", value };
  return Number.isInteger(value) ? { $case: "intValue", value: BigInt(value) } : { $case: "doubleValue", value };
}
