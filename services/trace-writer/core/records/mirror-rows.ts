import { attemptSpanNameOf, gatewaySpanNameOf } from "#lib/spans/twin-span.ts";
import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import { ErrorType, type Mirror, type MirrorSpan, MirrorSpanRole } from "#proto/twinspan/trace/v1/mirror.ts";
import type { SpanRow } from "../spans/span-row.ts";

/** The rows of a checked mirror, in its order. They agree with the spans that `mirrorSpansOf` makes of it. */
export function mirrorRowsOf({ spans }: Mirror): readonly SpanRow[] {
  return spans.map(rowOf);
}

function rowOf(span: MirrorSpan): SpanRow {
  const isGateway = span.role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY;
  return {
    spanId: span.spanId.toString("hex"),
    parentId: span.parentSpanId.toString("hex"),
    origin: isGateway ? "mirror-gateway" : "mirror-attempt",
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    failed: span.errorType !== ErrorType.ERROR_TYPE_UNSPECIFIED,
    name: isGateway ? gatewaySpanNameOf(span) : attemptSpanNameOf(span),
    llm: true,
    endpoint: (isGateway && span.endpointName) || undefined,
    provider: (!isGateway && span.provider) || undefined,
    requestModel: isGateway ? undefined : span.requestModel,
    responseModel: (!isGateway && span.responseModel) || undefined,
    responseId: (!isGateway && span.responseId) || undefined,
    usage: USAGE_FIELDS.some((field) => span.usage?.[field] !== undefined) ? span.usage : undefined,
    cost: span.cost,
    firstTokenNs: isGateway ? undefined : span.timeToFirstTokenNanos,
    session: undefined,
    user: undefined,
    requestPreview: "",
    responsePreview: "",
    contentHash: "",
  };
}
