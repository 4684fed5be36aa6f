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
import { requestWordsOf } from "#lib/spans/words.ts";
import type { FullTwin } from "#proto/twinspan/trace/v1/call.ts";
import { ErrorType, type Mirror, MirrorSpanRole, type RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { SpanRow } from "../spans/span-row.ts";

/** The rows of a checked mirror, in its order. They agree with the spans that `mirrorSpansOf` makes of it. */
export function mirrorRowsOf({ spans }: Pick<Mirror, "spans">): readonly SpanRow[] {
  return spans.map((span) => mirrorRowOf(span, span.spanId.toString("hex"), span.parentSpanId.toString("hex")));
}

/** The row of a mirrored span. */
export function mirrorRowOf(span: TwinSpan, spanId: string, parentId: string): SpanRow {
  const { usage, cost } = span;
  const origin = isGateway(span) ? "mirror-gateway" : "mirror-attempt";
  return rowOf(span, { spanId, parentId, origin, llm: true, usage: isSaid(usage) ? usage : undefined, cost });
}

/**
 * The rows of a checked full trace: the root, then its attempts. They agree with the spans that `fullTraceOf` makes of
 * it.
 */
export function fullRowsOf({ gateway, attempts }: CallSpans, full: FullTwin): readonly SpanRow[] {
  const [rootId = "", ...ids] = full.spans.map(({ spanId }) => spanId.toString("hex"));
  const session = full.session || undefined;
  const user = full.user || undefined;
  const llm = isModelCall(gateway);
  return [
    rowOf(gateway, { spanId: rootId, parentId: undefined, origin: "full-gateway", llm, session, user }),
    ...attempts.map((attempt, index) => fullAttemptRowOf(attempt, ids[index] ?? "", rootId)),
  ];
}

/** What is no call of a model, such as a proxied request that says no usage, has no provider and no totals. */
function fullAttemptRowOf(attempt: TwinSpan, spanId: string, parentId: string): SpanRow {
  const origin = "full-attempt";
  if (!isModelCall(attempt))
    return { ...rowOf(attempt, { spanId, parentId, origin, llm: false }), provider: undefined };
  const usage = isSaid(attempt.usage) ? sumOfUsages([attempt.usage]) : undefined;
  return rowOf(attempt, { spanId, parentId, origin, llm: true, usage, cost: attempt.cost });
}

/** What the row of a span says beside what both twins do. */
interface Own extends Pick<SpanRow, "spanId" | "parentId" | "origin" | "llm"> {
  readonly usage?: Usage | undefined;
  readonly cost?: Cost | undefined;
  readonly session?: string | undefined;
  readonly user?: string | undefined;
}

function rowOf(span: TwinSpan, own: Own): SpanRow {
  const isAttempt = !isGateway(span);
  return {
    spanId: own.spanId,
    parentId: own.parentId,
    origin: own.origin,
    startNs: span.startTimeUnixNano,
    endNs: span.endTimeUnixNano,
    failed: span.errorType !== ErrorType.ERROR_TYPE_UNSPECIFIED,
    name: isAttempt ? attemptSpanNameOf(span) : gatewaySpanNameOf(span),
    llm: own.llm,
    endpoint: (!isAttempt && span.endpointName) || undefined,
    provider: (isAttempt && span.provider) || undefined,
    requestModel: isAttempt ? span.requestModel : undefined,
    responseModel: (isAttempt && span.responseModel) || undefined,
    responseId: (isAttempt && span.responseId) || undefined,
    usage: own.usage,
    cost: own.cost,
    firstTokenNs: isAttempt ? span.timeToFirstTokenNanos : undefined,
    session: own.session,
    user: own.user,
    requestPreview: "",
    responsePreview: "",
    contentHash: "",
  };
}

function isGateway({ role }: TwinSpan): boolean {
  return role === MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY;
}

function isSaid(usage: Usage | undefined): boolean {
  return usage !== undefined && USAGE_FIELDS.some((field) => usage[field] !== undefined);
}

/** Whether the span of a full trace reads as a call of a model: by its kind of request, else because it has a usage. */
function isModelCall(span: TwinSpan): boolean {
  const rule = ruleOf(span);
  return rule === "yes" || (rule === "with usage" && !isGateway(span) && isSaid(span.usage));
}

/** Whether the spans of a kind of request read as calls of a model. */
type ModelCallRule = "yes" | "no" | "with usage";

/** What was found of the kinds of requests that are known here. Those are a few; of others a sender may invent any. */
const FOUND = { gateway: new Map<RequestType, ModelCallRule>(), attempt: new Map<RequestType, ModelCallRule>() };

function ruleOf(span: TwinSpan): ModelCallRule {
  const isWhole = isGateway(span);
  const found = isWhole ? FOUND.gateway : FOUND.attempt;
  const known = found.get(span.requestType);
  if (known !== undefined) return known;
  const attributes = attributesOf(isWhole ? gatewayAttributesOf(span) : attemptAttributesOf(span));
  const type = spanTypeOf(readAttributes(attributes));
  const rule = type === undefined ? "with usage" : isModelCallType(type) ? "yes" : "no";
  if (requestWordsOf(span.requestType) !== undefined) found.set(span.requestType, rule);
  return rule;
}
