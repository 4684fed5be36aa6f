import type { AnyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Told } from "../callers/gateway-client.ts";
import type { GatewayRun } from "../system/start-gateway.ts";

/** A span of a record, as a test wants to read it. */
export interface SpanView {
  readonly span: Span;
  readonly name: string;
  /** Its attributes as plain values; whole numbers are numbers. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly errorType: unknown;
  readonly inputs: string;
  readonly outputs: string;
  readonly errorText: string;
}

/** A record, as a test wants to read it. */
export interface RecordView {
  readonly record: InvocationRecord;
  readonly root: SpanView;
  readonly attempts: readonly SpanView[];
  /** The `error.type` of the mirror's spans in order; an empty word is none. Undefined: there is no mirror. */
  readonly mirrorErrorTypes: readonly string[] | undefined;
}

/** The record of the call that was told so, once it has arrived. */
export async function recordOfCall(run: GatewayRun, { metadata }: Pick<Told, "metadata">): Promise<RecordView> {
  const traceId = String(metadata.get("x-twinspan-trace-id")[0]).slice("tr-".length);
  return viewOf(await run.record(traceId));
}

/** A record, opened up. */
export function viewOf(record: InvocationRecord): RecordView {
  const spans = record.full?.resourceSpans?.scopeSpans[0]?.spans ?? [];
  const [root, ...attempts] = spans.map((span) => spanViewOf(record, span));
  if (root === undefined) throw new Error("the record has no spans");
  const mirrorErrorTypes = record.mirror?.spans.map(({ errorType }) => wordOf(errorType));
  return { record, root, attempts, mirrorErrorTypes };
}

function spanViewOf({ payloads }: InvocationRecord, span: Span): SpanView {
  const payload = payloads.find(({ spanId }) => spanId.equals(span.spanId));
  const attributes = Object.fromEntries(span.attributes.map(({ key, value }) => [key, plainOf(value)]));
  return {
    span,
    name: span.name,
    attributes,
    errorType: attributes["error.type"],
    inputs: payload?.inputs.toString() ?? "",
    outputs: payload?.outputs.toString() ?? "",
    errorText: payload?.errorText ?? "",
  };
}

function plainOf(any: AnyValue | undefined): unknown {
  const value = any?.value;
  if (value?.$case === "intValue") return Number(value.value);
  if (value?.$case === "arrayValue") return value.value.values.map(plainOf);
  return value?.value;
}

function wordOf(type: ErrorType): string {
  const name = Object.entries(ErrorType).find(([, number]) => number === type)?.[0] ?? "";
  return type === ErrorType.ERROR_TYPE_UNSPECIFIED ? "" : name.slice("ERROR_TYPE_".length).toLowerCase();
}
