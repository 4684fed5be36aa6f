import { isId, SPAN_ID_BYTES } from "#lib/ids.ts";
import { mirrorSpanIdsOf } from "#lib/spans/mirror.ts";
import type { Call, CallAttempt, FullTwin, MirrorTwin } from "#proto/twinspan/trace/v1/call.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { isExperimentName } from "../experiments/experiment-name.ts";
import { END_MAX_NS } from "../spans/span-check.ts";
import { isConfiguredName, NAME_RULE } from "./configured-name.ts";
import { checkMirrorPlace } from "./mirror-place-check.ts";
import { checkSaidOfAttempt, checkSaidOfCall } from "./said-check.ts";
import { SPANS_MAX } from "./twin-limits.ts";

const CLAIM_MAX = 250;
const TEXTS_MAX = 64;
const TEXT_MAX = 300;
const TEXT_RULE = `must have at most ${TEXT_MAX} characters`;
const TEXTS_RULE = `must be at most ${TEXTS_MAX}, of at most ${TEXT_MAX} characters each`;
const NO_SPAN = "0".repeat(2 * SPAN_ID_BYTES);

/** The rule that a record breaks which tells its call, as `checkRecord` says it, but for its payloads. */
export function checkTold(call: Call, { full, mirror, fullTwin, mirrorTwin }: InvocationRecord): string | undefined {
  if (full !== undefined || mirror !== undefined) return "call: must not stand beside full or mirror";
  if (fullTwin === undefined) return "full_twin: is required";
  return (
    checkCall(call) ??
    checkFullTwin(fullTwin, call) ??
    (mirrorTwin && checkMirrorTwin(mirrorTwin, call, fullTwin)) ??
    checkLink(fullTwin, mirrorTwin)
  );
}

function checkCall(call: Call): string | undefined {
  const { startTimeUnixNano, durationNanos, attempts, endpointName } = call;
  if (startTimeUnixNano === 0n) return "call.start_time_unix_nano: is required";
  if (startTimeUnixNano + durationNanos > END_MAX_NS) return "call.duration_nanos: the end must be below 2^63";
  if (endpointName === "") return "call.endpoint_name: is required";
  if (attempts.length >= SPANS_MAX) return `call.attempts: must be at most ${SPANS_MAX - 1}`;
  const fault = checkSaidOfCall(call);
  if (fault !== undefined) return `call.${fault}`;
  for (const [index, attempt] of attempts.entries()) {
    const wrong = checkAttempt(attempt, durationNanos);
    if (wrong !== undefined) return `call.attempts[${index}].${wrong}`;
  }
  return undefined;
}

function checkAttempt(attempt: CallAttempt, callNanos: bigint): string | undefined {
  if (attempt.startAfterNanos + attempt.durationNanos > callNanos) {
    return "duration_nanos: an attempt must end no later than the call";
  }
  if ((attempt.timeToFirstTokenNanos ?? 0n) > attempt.durationNanos) {
    return "time_to_first_token_nanos: must be no longer than the attempt";
  }
  if (attempt.provider === "") return "provider: is required";
  if (attempt.requestModel === "") return "request_model: is required";
  return checkSaidOfAttempt(attempt);
}

function checkFullTwin(full: FullTwin, { attempts, durationNanos }: Call): string | undefined {
  if (!isId(full.traceId, 16)) return "full_twin.trace_id: must be 16 bytes, not all zero";
  if (!isConfiguredName(full.workspace)) return `full_twin.workspace: ${NAME_RULE}`;
  if (!isConfiguredName(full.callerWorkspace)) return `full_twin.caller_workspace: ${NAME_RULE}`;
  if (!isExperimentName(full.experiment)) return "full_twin.experiment: must be 1 to 250 printable characters";
  if (full.spans.length !== attempts.length + 1) return "full_twin.spans: must be the root's, and one an attempt";
  if (!full.spans.every(({ spanId }) => isId(spanId, SPAN_ID_BYTES))) {
    return "full_twin.spans.span_id: must be 8 bytes, not all zero";
  }
  if (!areDistinct(full.spans.map(({ spanId }) => spanId.toString("hex"))))
    return "full_twin.spans.span_id: must be unique";
  if (!isIdOrNone(full.callerTraceId, 16)) return "full_twin.caller_trace_id: must be 16 bytes, not all zero, or none";
  if (!isIdOrNone(full.callerSpanId, SPAN_ID_BYTES))
    return "full_twin.caller_span_id: must be 8 bytes, not all zero, or none";
  if (!isIdOrNone(full.mirrorSpanId, SPAN_ID_BYTES))
    return "full_twin.mirror_span_id: must be 8 bytes, not all zero, or none";
  const { username, caller, session, user, run } = full;
  if ([username, caller, session, user, run].some((claim) => claim.length > CLAIM_MAX)) {
    return `full_twin: what is said of the caller must have at most ${CLAIM_MAX} characters each`;
  }
  if ((full.queueWaitNanos ?? 0n) > durationNanos) {
    return "full_twin.queue_wait_nanos: must be no longer than the call";
  }
  return checkMarks(full);
}

/** The texts that the gateway says of a call beside what its caller claims. */
function checkMarks({ messageFormat, passedOver, payloadKeep, spans }: FullTwin): string | undefined {
  if (messageFormat.length > TEXT_MAX) return `full_twin.message_format: ${TEXT_RULE}`;
  if (payloadKeep.length > TEXT_MAX) return `full_twin.payload_keep: ${TEXT_RULE}`;
  if (!areTexts(passedOver)) return `full_twin.passed_over: ${TEXTS_RULE}`;
  if (spans.some(({ serverAddress }) => serverAddress.length > TEXT_MAX)) {
    return `full_twin.spans.server_address: ${TEXT_RULE}`;
  }
  const areMarked = spans.every(({ payloadWithheld }) => areTexts(payloadWithheld));
  return areMarked ? undefined : `full_twin.spans.payload_withheld: ${TEXTS_RULE}`;
}

function checkMirrorTwin(mirror: MirrorTwin, { attempts }: Call, full: FullTwin): string | undefined {
  const misplaced = checkMirrorPlace(mirror, full.traceId, full.spans[0]?.spanId);
  if (misplaced !== undefined) return `mirror_twin.${misplaced}`;
  if (!isId(mirror.parentSpanId, SPAN_ID_BYTES)) return "mirror_twin.parent_span_id: must be 8 bytes, not all zero";
  if (mirror.spanIds.length !== (attempts.length + 1) * SPAN_ID_BYTES) {
    return "mirror_twin.span_ids: must be the gateway span's, and one an attempt, of 8 bytes each";
  }
  const ids = mirrorSpanIdsOf(mirror);
  if (ids.includes(NO_SPAN)) return "mirror_twin.span_ids: must not be all zero";
  if (!areDistinct(ids) || ids.includes(mirror.parentSpanId.toString("hex"))) {
    return "mirror_twin.span_ids: must be unique, and none the caller's span";
  }
  return undefined;
}

/** Each twin links to the other: what the full trace says of the mirror is where the mirror is. */
function checkLink(full: FullTwin, mirror: MirrorTwin | undefined): string | undefined {
  const { callerTraceId, callerSpanId, mirrorSpanId } = full;
  if (mirror === undefined) {
    if (mirrorSpanId.length > 0) return "full_twin.mirror_span_id: must be empty where there is no mirror_twin";
    const areBoth = callerTraceId.length > 0 === callerSpanId.length > 0;
    return areBoth ? undefined : "full_twin.caller_span_id: must be there where caller_trace_id is, and nowhere else";
  }
  if (!callerTraceId.equals(mirror.traceId)) return "full_twin.caller_trace_id: must be the mirror's trace";
  if (!callerSpanId.equals(mirror.parentSpanId)) return "full_twin.caller_span_id: must be the mirror's parent";
  const isLinked = mirrorSpanId.equals(mirror.spanIds.subarray(0, SPAN_ID_BYTES));
  return isLinked ? undefined : "full_twin.mirror_span_id: must be the mirror's gateway span";
}

function areTexts(texts: readonly string[]): boolean {
  return texts.length <= TEXTS_MAX && texts.every((text) => text.length <= TEXT_MAX);
}

function isIdOrNone(bytes: Buffer, size: typeof SPAN_ID_BYTES | 16): boolean {
  return bytes.length === 0 || isId(bytes, size);
}

function areDistinct(ids: readonly string[]): boolean {
  return new Set(ids).size === ids.length;
}
