import { type SpanIdHex, traceNameOf } from "#lib/ids.ts";
import {
  type ResourceSpans,
  type Span,
  Span_SpanKind,
  Status_StatusCode,
} from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { type Mirror, type MirrorSpan, MirrorSpanRole, type RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { type AttributeValue, attributesOf } from "./attributes.ts";
import { mlflowCostOf, mlflowUsageOf } from "./usage.ts";
import { attemptReasonWordOf, errorWordOf, finishReasonWordOf, requestWordsOf } from "./words.ts";

const SCHEMA_URL = "https://opentelemetry.io/schemas/1.41.0";
/** Span flags, bits 8 and 9: it is known whether the parent is remote; it is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/**
 * A checked mirror as OTLP spans, in its order. Every attribute is built from a field that the contract allows; there is
 * nothing to leave out. They have the names and kinds of the full trace, and the gateway span links to its root.
 */
export function mirrorSpansOf(mirror: Mirror): ResourceSpans {
  const scope = { name: "twinspan", version: "", attributes: [], droppedAttributesCount: 0 };
  const spans = mirror.spans.map((span) => spanOf(mirror, span));
  return {
    resource: {
      attributes: attributesOf({ "service.name": "twinspan-gateway" }),
      droppedAttributesCount: 0,
      entityRefs: [],
    },
    scopeSpans: [{ scope, spans, schemaUrl: SCHEMA_URL }],
    schemaUrl: SCHEMA_URL,
  };
}

/** The name of a mirrored span: its full twin's. */
function mirrorSpanNameOf({ role, endpointName, provider, requestModel }: MirrorSpan): string {
  return role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY
    ? `gateway/${endpointName}`
    : `model/${provider}/${requestModel}`;
}

function spanOf(mirror: Mirror, span: MirrorSpan): Span {
  const isGateway = span.role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY;
  const error = errorWordOf(span.errorType);
  return {
    traceId: mirror.traceId,
    spanId: span.spanId,
    traceState: "",
    parentSpanId: span.parentSpanId,
    flags: isGateway ? HAS_IS_REMOTE | IS_REMOTE : HAS_IS_REMOTE,
    name: mirrorSpanNameOf(span),
    kind: isGateway ? Span_SpanKind.SPAN_KIND_SERVER : Span_SpanKind.SPAN_KIND_CLIENT,
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: attributesOf({
      ...(isGateway ? gatewayAttributesOf(mirror, span) : attemptAttributesOf(span)),
      ...totalsAttributesOf(span),
      "error.type": error,
      "twinspan.mirror": true,
    }),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: isGateway ? [linkOf(mirror.linkedTraceId, mirror.linkedSpanId)] : [],
    droppedLinksCount: 0,
    status: {
      code: error === undefined ? Status_StatusCode.STATUS_CODE_OK : Status_StatusCode.STATUS_CODE_ERROR,
      message: "",
    },
  };
}

function gatewayAttributesOf(mirror: Mirror, span: MirrorSpan): Readonly<Record<string, AttributeValue>> {
  return {
    endpoint_id: span.endpointId || undefined,
    endpoint_name: span.endpointName,
    server_url: span.serverUrl || undefined,
    "gen_ai.operation.name": operationOf(span.requestType),
    "gen_ai.request.stream": span.streaming || undefined,
    "mlflow.spanType": JSON.stringify("LLM"),
    "mlflow.gateway.requestType": requestWordsOf(span.requestType)?.mlflow,
    "mlflow.gateway.linkedTraceId": traceNameOf(hexOf(mirror.linkedTraceId)),
  };
}

function attemptAttributesOf(span: MirrorSpan): Readonly<Record<string, AttributeValue>> {
  const reasons = span.finishReasons.map(finishReasonWordOf);
  return {
    "gen_ai.operation.name": operationOf(span.requestType),
    "gen_ai.provider.name": span.provider,
    "gen_ai.request.model": span.requestModel,
    "gen_ai.request.stream": span.streaming || undefined,
    "gen_ai.response.model": span.responseModel || undefined,
    "gen_ai.response.id": span.responseId || undefined,
    "gen_ai.response.finish_reasons": reasons.length > 0 ? reasons : undefined,
    "http.response.status_code": span.httpStatus || undefined,
    "mlflow.spanType": JSON.stringify("LLM"),
    "mlflow.llm.provider": span.provider,
    "mlflow.llm.model": span.responseModel || span.requestModel,
    "twinspan.attempt.index": span.attemptIndex,
    "twinspan.attempt.reason": attemptReasonWordOf(span.attemptReason),
  };
}

function totalsAttributesOf({ usage, cost, timeToFirstTokenNanos }: MirrorSpan) {
  return {
    "gen_ai.response.time_to_first_chunk":
      timeToFirstTokenNanos === undefined ? undefined : Number(timeToFirstTokenNanos) / 1e9,
    ...usageAttributesOf(usage),
    "mlflow.chat.tokenUsage": usage && mlflowUsageOf(usage),
    "mlflow.llm.cost": cost && mlflowCostOf(cost),
    "twinspan.cost.total_nano_usd": cost?.totalNanoUsd,
  };
}

function usageAttributesOf(usage: Usage | undefined): Readonly<Record<string, AttributeValue>> {
  return {
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cacheReadInputTokens,
    "gen_ai.usage.cache_write.input_tokens": usage?.cacheWriteInputTokens,
    "gen_ai.usage.reasoning.output_tokens": usage?.reasoningOutputTokens,
  };
}

function operationOf(type: RequestType): string | undefined {
  return requestWordsOf(type)?.operation;
}

function linkOf(traceId: Buffer, spanId: Buffer): Span["links"][number] {
  const attributes = attributesOf({ "twinspan.link": "full" });
  return { traceId, spanId, traceState: "", attributes, droppedAttributesCount: 0, flags: 0 };
}

function hexOf(id: Buffer): SpanIdHex {
  return id.toString("hex");
}
