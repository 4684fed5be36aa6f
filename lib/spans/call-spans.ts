import type { Call, CallAttempt } from "#proto/twinspan/trace/v1/call.ts";
import { MirrorSpanRole } from "#proto/twinspan/trace/v1/mirror.ts";
import type { TwinSpan } from "./twin-span.ts";
import { sumOfCosts, sumOfUsages } from "./usage.ts";

/** The spans of a call, as both twins have them: what they came to together is on the gateway's. */
export interface CallSpans {
  readonly gateway: TwinSpan;
  /** In the order in which they began. */
  readonly attempts: readonly TwinSpan[];
}

/** The spans of a call, but for the ids that each twin gives them. */
export function callSpansOf(call: Call): CallSpans {
  return {
    gateway: gatewaySpanOf(call),
    attempts: call.attempts.map((attempt, index) => attemptSpanOf(call, attempt, index)),
  };
}

function gatewaySpanOf(call: Call): TwinSpan {
  const { startTimeUnixNano, attempts } = call;
  return {
    role: MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + call.durationNanos,
    errorType: call.errorType,
    endpointId: call.endpointId,
    endpointName: call.endpointName,
    serverUrl: call.serverUrl,
    requestType: call.requestType,
    streaming: call.streaming,
    provider: "",
    requestModel: "",
    responseModel: "",
    responseId: "",
    finishReasons: [],
    attemptIndex: 0,
    attemptReason: 0,
    timeToFirstTokenNanos: undefined,
    usage: sumOfUsages(attempts.map(({ usage }) => usage)),
    cost: sumOfCosts(attempts.map(({ cost }) => cost)),
    httpStatus: 0,
  };
}

function attemptSpanOf(call: Call, attempt: CallAttempt, attemptIndex: number): TwinSpan {
  const startTimeUnixNano = call.startTimeUnixNano + attempt.startAfterNanos;
  return {
    role: MirrorSpanRole.MIRROR_SPAN_ROLE_ATTEMPT,
    startTimeUnixNano,
    endTimeUnixNano: startTimeUnixNano + attempt.durationNanos,
    errorType: attempt.errorType,
    endpointId: "",
    endpointName: "",
    serverUrl: "",
    requestType: call.requestType,
    streaming: call.streaming,
    provider: attempt.provider,
    requestModel: attempt.requestModel,
    responseModel: attempt.responseModel,
    responseId: attempt.responseId,
    finishReasons: attempt.finishReasons,
    attemptIndex,
    attemptReason: attempt.reason,
    timeToFirstTokenNanos: attempt.timeToFirstTokenNanos,
    usage: attempt.usage,
    cost: attempt.cost,
    httpStatus: attempt.httpStatus,
  };
}
