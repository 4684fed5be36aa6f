import { isId, SPAN_ID_BYTES } from "#lib/ids.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { FullTrace } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { type Mirror, type MirrorSpan, MirrorSpanRole } from "#proto/twinspan/trace/v1/mirror.ts";
import { checkMirrorPlace } from "./mirror-place-check.ts";
import { checkSaidOfAttempt, checkSaidOfCall } from "./said-check.ts";
import { SPANS_MAX } from "./twin-limits.ts";

/** The rule that a mirror breaks, as `checkRecord` says it. `spans` are its full trace's, already checked. */
export function checkMirror(mirror: Mirror, full: FullTrace, spans: readonly Span[]): string | undefined {
  const misplaced = checkMirrorPlace(mirror, full.traceId, spans[0]?.spanId);
  if (misplaced !== undefined) return `mirror.${misplaced}`;
  if (mirror.spans.length < 1 || mirror.spans.length > SPANS_MAX) return `mirror.spans: must be 1 to ${SPANS_MAX}`;
  if (mirror.spans.length !== spans.length) return "mirror.spans: must be as many as the full trace has";
  const [gateway] = mirror.spans;
  for (const [index, span] of mirror.spans.entries()) {
    const fault = checkTwin(span, spans[index]) ?? checkSpan(span);
    const place = index === 0 || gateway === undefined ? checkGateway(span) : checkAttempt(span, gateway);
    if (fault !== undefined || place !== undefined) return `mirror.spans[${index}].${fault ?? place}`;
  }
  const ids = new Set(mirror.spans.map(({ spanId }) => spanId.toString("hex")));
  if (ids.size !== mirror.spans.length) return "mirror.spans: span ids must be unique";
  if (gateway !== undefined && ids.has(gateway.parentSpanId.toString("hex"))) {
    return "mirror.spans[0].parent_span_id: must be the caller's span, not one of the mirror";
  }
  return undefined;
}

function checkSpan(span: MirrorSpan): string | undefined {
  if (!isId(span.spanId, SPAN_ID_BYTES)) return "span_id: must be 8 bytes, not all zero";
  if (!isId(span.parentSpanId, SPAN_ID_BYTES)) return "parent_span_id: must be 8 bytes, not all zero";
  if ((span.timeToFirstTokenNanos ?? 0n) > span.endTimeUnixNano - span.startTimeUnixNano) {
    return "time_to_first_token_nanos: must be no longer than the span";
  }
  return checkSaidOfCall(span) ?? checkSaidOfAttempt(span);
}

/** The same nanoseconds as the full trace: so a mirror's interval and its nesting are those of a checked twin. */
function checkTwin(span: MirrorSpan, twin: Span | undefined): string | undefined {
  if (span.startTimeUnixNano !== twin?.startTimeUnixNano) return "start_time_unix_nano: must be the full span's";
  if (span.endTimeUnixNano !== twin.endTimeUnixNano) return "end_time_unix_nano: must be the full span's";
  return undefined;
}

function checkGateway(span: MirrorSpan): string | undefined {
  if (span.role !== MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY) return "role: the first span must be the gateway's";
  if (span.parentSpanId.equals(span.spanId)) return "parent_span_id: must be the caller's span";
  return span.endpointName === "" ? "endpoint_name: is required on the gateway span" : undefined;
}

function checkAttempt(span: MirrorSpan, gateway: MirrorSpan): string | undefined {
  if (span.role !== MirrorSpanRole.MIRROR_SPAN_ROLE_ATTEMPT) return "role: all spans but the first must be attempts";
  if (!span.parentSpanId.equals(gateway.spanId)) return "parent_span_id: must be the gateway span's id";
  if (span.provider === "") return "provider: is required on attempts";
  return span.requestModel === "" ? "request_model: is required on attempts" : undefined;
}
