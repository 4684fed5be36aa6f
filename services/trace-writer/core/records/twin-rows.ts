import { attributesOf } from "#lib/spans/attributes.ts";
import type { CallSpans } from "#lib/spans/call-spans.ts";
import { isModelCallType, spanTypeOf } from "#lib/spans/meanings.ts";
import { readAttributes } from "#lib/spans/read-attributes.ts";
import {
  attemptAttributesOf,
  attemptSpanNameOf,
  gatewayAttributesOf,
  gatewaySpanNameOf,
  type TwinSpan,
} from "#lib/spans/twin-span.ts";
import { sumOfUsages, USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { FullTwin } from "#proto/twinspan/trace/v1/call.ts";
import { ErrorType, type Mirror, MirrorSpanRole, type RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { SpanRow } from "../spans/span-row.ts";

/** The rows of a checked mirror, in its order. They agree with the spans that `mirrorSpansOf` makes of it. */
export function mirrorRowsOf({ spans }: Pick<Mirror, "spans">): readonly SpanRow[] {
  return spans.map((span) => mirrorRowOf(span, span.spanId.toString("hex"), span.parentSpanId.toString("hex")));
}

/** The row of a mirrored span. */
export function mirrorRowOf(span: TwinSpan, spanId: string, parentId: string): SpanRow {
  const isGateway = span.role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY;
  return {
    ...rowOf(span, spanId, parentId),
    origin: isGateway ? "mirror-gateway" : "mirror-attempt",
    llm: true,
    usage: isSaid(span.usage) ? span.usage : undefined,
    cost: span.cost,
  };
}

/** The rows of a checked full trace: the root, then its attempts. They agree with the spans that `fullTraceOf` makes of it. */
export function fullRowsOf({ gateway, attempts }: CallSpans, full: FullTwin): readonly SpanRow[] {
  const [rootId = "", ...ids] = full.spans.map(({ spanId }) => spanId.toString("hex"));
  const root: SpanRow = {
    ...rowOf(gateway, rootId, undefined),
    origin: "full-gateway",
    llm: isModelCall(gateway),
    session: full.session || undefined,
    user: full.user || undefined,
  };
  return [root, ...attempts.map((attempt, index) => fullAttemptRowOf(attempt, ids[index] ?? "", rootId))];
}

function fullAttemptRowOf(attempt: TwinSpan, spanId: string, parentId: string): SpanRow {
  const row = rowOf(attempt, spanId, parentId);
  if (!isModelCall(attempt)) return { ...row, origin: "full-attempt", provider: undefined };
  const { usage, cost } = attempt;
  return { ...row, origin: "full-attempt", llm: true, usage: isSaid(usage) ? sumOfUsages([usage]) : undefined, cost };
}

/** What a row says of a span, whichever twin it is of. */
function rowOf(span: TwinSpan, spanId: string, parentId: string | undefined): SpanRow {
  const isGateway = span.role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY;
  return {
    spanId,
    parentId,
    origin: "full-gateway",
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    failed: span.errorType !== ErrorType.ERROR_TYPE_UNSPECIFIED,
    name: isGateway ? gatewaySpanNameOf(span) : attemptSpanNameOf(span),
    llm: false,
    endpoint: (isGateway && span.endpointName) || undefined,
    provider: (!isGateway && span.provider) || undefined,
    requestModel: isGateway ? undefined : span.requestModel,
    responseModel: (!isGateway && span.responseModel) || undefined,
    responseId: (!isGateway && span.responseId) || undefined,
    usage: undefined,
    cost: undefined,
    firstTokenNs: isGateway ? undefined : span.timeToFirstTokenNanos,
    session: undefined,
    user: undefined,
    requestPreview: "",
    responsePreview: "",
    contentHash: "",
  };
}

function isSaid(usage: Usage | undefined): boolean {
  return usage !== undefined && USAGE_FIELDS.some((field) => usage[field] !== undefined);
}

/** Whether the span of a full trace reads as a call of a model: by its kind of request, else because it has a usage. */
function isModelCall(span: TwinSpan): boolean {
  const isGateway = span.role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY;
  const known = isGateway ? GATEWAY_CALLS : ATTEMPT_CALLS;
  const said = known.get(span.requestType);
  if (said !== undefined) return said === "yes" || (said === "with usage" && !isGateway && isSaid(span.usage));
  const type = spanTypeOf(
    readAttributes(attributesOf(isGateway ? gatewayAttributesOf(span) : attemptAttributesOf(span))),
  );
  known.set(span.requestType, type === undefined ? "with usage" : isModelCallType(type) ? "yes" : "no");
  return isModelCall(span);
}

/** What was found of the kinds of requests, of which there are a few. */
const GATEWAY_CALLS = new Map<RequestType, "yes" | "no" | "with usage">();
const ATTEMPT_CALLS = new Map<RequestType, "yes" | "no" | "with usage">();
