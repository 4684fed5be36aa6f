import type { InstrumentationScope } from "#proto/opentelemetry/proto/common/v1/common.ts";
import type { Resource } from "#proto/opentelemetry/proto/resource/v1/resource.ts";
import type { MirrorSpan } from "#proto/twinspan/trace/v1/mirror.ts";
import { type AttributeValue, attributesOf } from "./attributes.ts";
import { attemptReasonWordOf, errorWordOf, finishReasonWordOf, requestWordsOf } from "./words.ts";

/*
 * What both twins say of a span, so that they say the same: the full trace adds to it, the mirror is nothing else. It
 * is made from a span of the mirror, which has no field for payload.
 */

/** Which attributes mean what: the GenAI conventions of OpenTelemetry that both twins are written by. */
export const TWIN_SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0";
/** The resource of both twins. */
export const TWIN_RESOURCE: Resource = {
  attributes: attributesOf({ "service.name": "twinspan-gateway" }),
  droppedAttributesCount: 0,
  entityRefs: [],
};
/** The scope of both twins. */
export const TWIN_SCOPE: InstrumentationScope = {
  name: "twinspan",
  version: "",
  attributes: [],
  droppedAttributesCount: 0,
};

/** A span of both twins, but for its ids, which each of them gives it. */
export type TwinSpan = Omit<MirrorSpan, "spanId" | "parentSpanId">;
type Attributes = Readonly<Record<string, AttributeValue>>;

/** The name of the span of a whole call. */
export function gatewaySpanNameOf({ endpointName }: TwinSpan): string {
  return `gateway/${endpointName}`;
}

/** The name of the span of an attempt. */
export function attemptSpanNameOf({ provider, requestModel }: TwinSpan): string {
  return `model/${provider}/${requestModel}`;
}

/** What the span of a whole call says, but for its totals. */
export function gatewayAttributesOf(span: TwinSpan): Attributes {
  return {
    endpoint_id: span.endpointId || undefined,
    endpoint_name: span.endpointName,
    server_url: span.serverUrl || undefined,
    "gen_ai.operation.name": requestWordsOf(span.requestType)?.operation,
    "gen_ai.request.stream": span.streaming || undefined,
    "error.type": errorWordOf(span.errorType),
    "mlflow.spanType": "CHAIN",
    "mlflow.gateway.requestType": requestWordsOf(span.requestType)?.mlflow,
  };
}

/** What the span of an attempt says, but for its totals. */
export function attemptAttributesOf(span: TwinSpan): Attributes {
  const reasons = span.finishReasons.map(finishReasonWordOf);
  const firstTokenNanos = span.timeToFirstTokenNanos;
  return {
    "gen_ai.operation.name": requestWordsOf(span.requestType)?.operation,
    "gen_ai.provider.name": span.provider,
    "gen_ai.request.model": span.requestModel,
    "gen_ai.request.stream": span.streaming || undefined,
    "gen_ai.response.model": span.responseModel || undefined,
    "gen_ai.response.id": span.responseId || undefined,
    "gen_ai.response.finish_reasons": reasons.length > 0 ? reasons : undefined,
    "gen_ai.response.time_to_first_chunk": firstTokenNanos === undefined ? undefined : Number(firstTokenNanos) / 1e9,
    "http.response.status_code": span.httpStatus || undefined,
    "error.type": errorWordOf(span.errorType),
    "mlflow.spanType": requestWordsOf(span.requestType)?.spanType ?? "LLM",
    "mlflow.llm.provider": span.provider,
    "mlflow.llm.model": span.responseModel || span.requestModel,
    "twinspan.attempt.index": span.attemptIndex,
    "twinspan.attempt.reason": attemptReasonWordOf(span.attemptReason),
  };
}
