import { FINISH_REASONS_MAX } from "#lib/spans/words.ts";
import type { Call, CallAttempt } from "#proto/twinspan/trace/v1/call.ts";
import { errorTypeOf } from "../error-type.ts";
import type { Attempt, Outcome, RecordedInvocation } from "../invocation.ts";

/** What both twins say of an invocation that has ended. Its type has no place for payload (tracing.md §3). */
export function callOf(
  invocation: RecordedInvocation,
  outcome: Pick<Outcome, "endNanos" | "failure" | "attempts">,
): Call {
  const { startNanos } = invocation;
  return {
    startTimeUnixNano: startNanos,
    durationNanos: outcome.endNanos - startNanos,
    errorType: errorTypeOf(outcome.failure),
    endpointId: invocation.endpointId,
    endpointName: invocation.endpointName,
    serverUrl: invocation.caller.serverUrl ?? "",
    requestType: invocation.requestType,
    streaming: invocation.streaming,
    attempts: outcome.attempts.map((attempt) => callAttemptOf(attempt, startNanos)),
  };
}

function callAttemptOf(attempt: Attempt, callStartNanos: bigint): CallAttempt {
  const { answer, startNanos, endNanos } = attempt;
  const { finishReasons, firstTokenNanos } = answer;
  return {
    startAfterNanos: startNanos - callStartNanos,
    durationNanos: endNanos - startNanos,
    errorType: errorTypeOf(attempt.failure),
    provider: attempt.provider,
    requestModel: attempt.requestModel,
    responseModel: answer.responseModel ?? "",
    responseId: answer.responseId ?? "",
    finishReasons: finishReasons.slice(0, FINISH_REASONS_MAX),
    reason: attempt.reason,
    timeToFirstTokenNanos: firstTokenNanos === undefined ? undefined : firstTokenNanos - startNanos,
    usage: answer.usage,
    cost: attempt.cost,
    httpStatus: attempt.httpStatus,
  };
}
