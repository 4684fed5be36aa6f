import { sumOfCosts, sumOfUsages } from "#lib/spans/usage.ts";
import { type MirrorSpan, MirrorSpanRole } from "#proto/twinspan/trace/v1/mirror.ts";
import { errorTypeOf } from "../error-type.ts";
import type { Attempt, Outcome, RecordedInvocation } from "../invocation.ts";

/** A span of the mirror, but for the ids, which are the mirror's own. Both twins are made from it. */
export type TwinSpan = Omit<MirrorSpan, "spanId" | "parentSpanId">;

/** The spans of both twins. */
export interface TwinSpans {
  readonly gateway: TwinSpan;
  /** In the order they began. */
  readonly attempts: readonly { readonly attempt: Attempt; readonly twin: TwinSpan }[];
}

/** A span has at most this many finish reasons. */
const FINISH_REASONS_MAX = 16;

/** What both twins say of an invocation that has ended. */
export function twinSpansOf(invocation: RecordedInvocation, outcome: Outcome): TwinSpans {
  return {
    gateway: gatewayTwinOf(invocation, outcome),
    attempts: outcome.attempts.map((attempt) => ({ attempt, twin: attemptTwinOf(invocation, attempt) })),
  };
}

/** What they say of the call as a whole. */
function gatewayTwinOf(invocation: RecordedInvocation, outcome: Outcome): TwinSpan {
  return {
    ...NOTHING,
    role: MirrorSpanRole.MIRROR_SPAN_ROLE_GATEWAY,
    startTimeUnixNano: invocation.startNanos,
    endTimeUnixNano: outcome.endNanos,
    errorType: errorTypeOf(outcome.failure),
    endpointId: invocation.endpointId,
    endpointName: invocation.endpointName,
    serverUrl: invocation.caller.serverUrl ?? "",
    requestType: invocation.requestType,
    streaming: invocation.streaming,
    usage: sumOfUsages(outcome.attempts.map(({ answer }) => answer.usage)),
    cost: sumOfCosts(outcome.attempts.map(({ cost }) => cost)),
  };
}

/** What they say of an attempt. */
function attemptTwinOf(invocation: RecordedInvocation, attempt: Attempt): TwinSpan {
  const { answer } = attempt;
  return {
    ...NOTHING,
    role: MirrorSpanRole.MIRROR_SPAN_ROLE_ATTEMPT,
    startTimeUnixNano: attempt.startNanos,
    endTimeUnixNano: attempt.endNanos,
    errorType: errorTypeOf(attempt.failure),
    requestType: invocation.requestType,
    streaming: invocation.streaming,
    provider: attempt.provider,
    requestModel: attempt.requestModel,
    responseModel: answer.responseModel ?? "",
    responseId: answer.responseId ?? "",
    finishReasons: answer.finishReasons.slice(0, FINISH_REASONS_MAX),
    attemptIndex: attempt.index,
    attemptReason: attempt.reason,
    timeToFirstTokenNanos:
      answer.firstTokenNanos === undefined ? undefined : answer.firstTokenNanos - attempt.startNanos,
    usage: answer.usage,
    cost: attempt.cost,
    httpStatus: attempt.httpStatus,
  };
}

const NOTHING: TwinSpan = {
  role: 0,
  startTimeUnixNano: 0n,
  endTimeUnixNano: 0n,
  errorType: 0,
  endpointId: "",
  endpointName: "",
  serverUrl: "",
  requestType: 0,
  streaming: false,
  provider: "",
  requestModel: "",
  responseModel: "",
  responseId: "",
  finishReasons: [],
  attemptIndex: 0,
  attemptReason: 0,
  timeToFirstTokenNanos: undefined,
  usage: undefined,
  cost: undefined,
  httpStatus: 0,
};
