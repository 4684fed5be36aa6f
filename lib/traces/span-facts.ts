import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { Status_StatusCode } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { traceNameOf } from "../ids.ts";
import { countOf } from "../spans/meanings.ts";
import { booleanOf, numberOf, numbersOf, readAttributes, textOf } from "../spans/read-attributes.ts";

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
  /** In billionths of a dollar. */
  readonly costNanoUsd: number | undefined;
  readonly firstTokenMs: number | undefined;
  /** Why an attempt was made, but for the first. */
  readonly reason: string | undefined;
  /** What went wrong: `error.type`, else that something did. Undefined: nothing. */
  readonly error: string | undefined;
}

/** Reads them from a span as it is stored. */
export function spanFactsOf(span: Span): SpanFacts {
  const attributes = readAttributes(span.attributes);
  const firstToken = numberOf(attributes, "gen_ai.response.time_to_first_chunk");
  const jsonCost = numbersOf(attributes, "mlflow.llm.cost").get("total_cost");
  const reason = textOf(attributes, "twinspan.attempt.reason");
  const [link] = span.links;
  return {
    name: span.name,
    linkedTraceId: link === undefined ? undefined : traceNameOf(link.traceId.toString("hex")),
    isLinkExpired: link !== undefined && booleanOf(readAttributes(link.attributes), "twinspan.link.expired"),
    durationMs: Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6,
    inputTokens: countOf(attributes, "inputTokens"),
    outputTokens: countOf(attributes, "outputTokens"),
    estimated: booleanOf(attributes, "twinspan.usage.estimated"),
    costNanoUsd:
      numberOf(attributes, "twinspan.cost.total_nano_usd") ?? (jsonCost === undefined ? undefined : jsonCost * 1e9),
    firstTokenMs: firstToken === undefined ? undefined : firstToken * 1000,
    reason: reason === "first" ? undefined : reason,
    error:
      textOf(attributes, "error.type") ??
      (span.status?.code === Status_StatusCode.STATUS_CODE_ERROR ? "error" : undefined),
  };
}
