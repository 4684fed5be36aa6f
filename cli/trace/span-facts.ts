import { traceNameOf } from "#lib/ids.ts";
import type { AnyValue } from "#proto/opentelemetry/proto/common/v1/common.ts";
import { type Span, Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/** What a line about a span says. */
export interface SpanFacts {
  readonly name: string;
  /** The other twin's trace, or whatever trace it is linked to first. */
  readonly linkedTraceId: string | undefined;
  /** Whether that trace was deleted, or was not kept. */
  readonly isLinkExpired: boolean;
  readonly durationMs: number;
  readonly inputTokens: bigint | undefined;
  readonly outputTokens: bigint | undefined;
  /** Whether the tokens are estimated. */
  readonly estimated: boolean;
  readonly costUsd: number | undefined;
  readonly firstTokenMs: number | undefined;
  /** Why an attempt was made, but for the first. */
  readonly reason: string | undefined;
  /** What went wrong: `error.type`, else that something did. Undefined: nothing. */
  readonly error: string | undefined;
}

/** Reads them from a span as it is stored. */
export function spanFactsOf(span: Span): SpanFacts {
  const attributes = new Map(span.attributes.map(({ key, value }) => [key, value]));
  const nanoUsd = numberOf(attributes.get("twinspan.cost.total_nano_usd"));
  const firstToken = numberOf(attributes.get("gen_ai.response.time_to_first_chunk"));
  const [link] = span.links;
  return {
    name: span.name,
    linkedTraceId: link === undefined ? undefined : traceNameOf(link.traceId.toString("hex")),
    isLinkExpired: link?.attributes.some(({ key, value }) => key === "twinspan.link.expired" && isTrue(value)) ?? false,
    durationMs: Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6,
    inputTokens: integerOf(attributes.get("gen_ai.usage.input_tokens")),
    outputTokens: integerOf(attributes.get("gen_ai.usage.output_tokens")),
    estimated: isTrue(attributes.get("twinspan.usage.estimated")),
    costUsd: nanoUsd === undefined ? jsonCostOf(attributes.get("mlflow.llm.cost")) : nanoUsd / 1e9,
    firstTokenMs: firstToken === undefined ? undefined : firstToken * 1000,
    reason: reasonOf(attributes.get("twinspan.attempt.reason")),
    error: errorOf(span, attributes.get("error.type")),
  };
}

function reasonOf(value: AnyValue | undefined): string | undefined {
  const reason = value?.value?.$case === "stringValue" ? value.value.value : undefined;
  return reason === "first" ? undefined : reason;
}

function errorOf(span: Span, type: AnyValue | undefined): string | undefined {
  if (type?.value?.$case === "stringValue") return type.value.value;
  return span.status?.code === Status_StatusCode.STATUS_CODE_ERROR ? "error" : undefined;
}

function isTrue(value: AnyValue | undefined): boolean {
  return value?.value?.$case === "boolValue" && value.value.value;
}

function integerOf(value: AnyValue | undefined): bigint | undefined {
  return value?.value?.$case === "intValue" ? value.value.value : undefined;
}

function numberOf(value: AnyValue | undefined): number | undefined {
  if (value?.value?.$case === "intValue") return Number(value.value.value);
  return value?.value?.$case === "doubleValue" ? value.value.value : undefined;
}

function jsonCostOf(value: AnyValue | undefined): number | undefined {
  if (value?.value?.$case !== "stringValue") return undefined;
  const found = /"total_cost":\s*([0-9.e-]+)/.exec(value.value.value);
  return found === null ? undefined : Number(found[1]);
}
