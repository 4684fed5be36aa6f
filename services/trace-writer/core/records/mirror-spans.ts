import { type SpanIdHex, traceNameOf } from "#lib/ids.ts";
import { attributesOf } from "#lib/spans/attributes.ts";
import {
  attemptAttributesOf,
  attemptSpanNameOf,
  gatewayAttributesOf,
  gatewaySpanNameOf,
  TWIN_RESOURCE,
  TWIN_SCHEMA_URL,
  TWIN_SCOPE,
} from "#lib/spans/twin-span.ts";
import { totalsAttributesOf } from "#lib/spans/usage.ts";
import {
  type ResourceSpans,
  type Span,
  Span_SpanKind,
  Status_StatusCode,
} from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { ErrorType, type Mirror, type MirrorSpan, MirrorSpanRole } from "#proto/twinspan/trace/v1/mirror.ts";

/** Span flags, bits 8 and 9: it is known whether the parent is remote; it is. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/**
 * A checked mirror as OTLP spans, in its order. Every attribute is built from a field that the contract allows; there
 * is nothing to leave out. They have the names and kinds of the full trace, and the gateway span links to its root.
 */
export function mirrorSpansOf(mirror: Mirror): ResourceSpans {
  const spans = mirror.spans.map((span) => spanOf(mirror, span));
  return {
    resource: TWIN_RESOURCE,
    scopeSpans: [{ scope: TWIN_SCOPE, spans, schemaUrl: TWIN_SCHEMA_URL }],
    schemaUrl: TWIN_SCHEMA_URL,
  };
}

function spanOf(mirror: Mirror, span: MirrorSpan): Span {
  const isGateway = span.role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY;
  const linked = { "mlflow.gateway.linkedTraceId": traceNameOf(hexOf(mirror.linkedTraceId)) };
  return {
    traceId: mirror.traceId,
    spanId: span.spanId,
    traceState: "",
    parentSpanId: span.parentSpanId,
    flags: isGateway ? HAS_IS_REMOTE | IS_REMOTE : HAS_IS_REMOTE,
    name: isGateway ? gatewaySpanNameOf(span) : attemptSpanNameOf(span),
    kind: isGateway ? Span_SpanKind.SPAN_KIND_SERVER : Span_SpanKind.SPAN_KIND_CLIENT,
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: attributesOf({
      ...(isGateway ? { ...gatewayAttributesOf(span), ...linked } : attemptAttributesOf(span)),
      ...totalsAttributesOf(span.usage, span.cost),
      "twinspan.mirror": true,
    }),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: isGateway ? [linkOf(mirror.linkedTraceId, mirror.linkedSpanId)] : [],
    droppedLinksCount: 0,
    status: {
      code:
        span.errorType === ErrorType.ERROR_TYPE_UNSPECIFIED
          ? Status_StatusCode.STATUS_CODE_OK
          : Status_StatusCode.STATUS_CODE_ERROR,
      message: "",
    },
  };
}

function linkOf(traceId: Buffer, spanId: Buffer): Span["links"][number] {
  const attributes = attributesOf({ "twinspan.link": "full" });
  return { traceId, spanId, traceState: "", attributes, droppedAttributesCount: 0, flags: 0 };
}

function hexOf(id: Buffer): SpanIdHex {
  return id.toString("hex");
}
