import type { EndedCall } from "#lib/access-log.ts";
import { traceNameOf } from "#lib/ids.ts";
import { errorWordOf, requestWordsOf } from "#lib/spans/words.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { errorTypeOf } from "../core/error-type.ts";
import type { Attempt, Ending, RecordedInvocation } from "../core/invocation.ts";

/** What the access log tells of a call: ids, names out of the configuration, how it ended, what it took. */
export function endedCallOf(
  invocation: RecordedInvocation,
  requestId: string | undefined,
  ending: Ending,
  summary: InvocationSummary,
): EndedCall {
  return {
    id: requestId ?? invocation.traceId,
    isFailed: ending.failure !== undefined,
    facts: () => factsOf(invocation, requestId, ending, summary),
  };
}

function factsOf(
  invocation: RecordedInvocation,
  requestId: string | undefined,
  { failure, attempts }: Ending,
  summary: InvocationSummary,
) {
  const last = attempts.at(-1);
  return {
    requestId,
    traceId: summary.traceId || undefined,
    callerTraceId: invocation.callerSpan && traceNameOf(invocation.callerSpan.traceId),
    endpoint: invocation.endpointName,
    workspace: invocation.workspace,
    caller: invocation.username,
    operation: requestWordsOf(invocation.requestType)?.operation,
    streaming: invocation.streaming,
    outcome: errorWordOf(errorTypeOf(failure)) ?? "ok",
    attempts: attempts.length,
    provider: last?.provider,
    model: last?.requestModel,
    ms: millisOf(summary.durationNanos),
    providerMs: millisOf(summary.providerNanos),
    firstTokenMs: summary.timeToFirstTokenNanos === undefined ? undefined : millisOf(summary.timeToFirstTokenNanos),
    inputTokens: figureOf(summary.usage?.inputTokens),
    outputTokens: figureOf(summary.usage?.outputTokens),
  };
}

/** What the log tells of an attempt. */
export function attemptFactsOf({
  index,
  provider,
  requestModel: model,
  httpStatus,
  failure,
  startNanos,
  endNanos,
}: Attempt) {
  const outcome = errorWordOf(errorTypeOf(failure)) ?? "ok";
  return { attempt: index, provider, model, httpStatus, outcome, ms: millisOf(endNanos - startNanos) };
}

function millisOf(nanos: bigint): number {
  return Math.round(Number(nanos) / 1e6);
}

function figureOf(count: bigint | undefined): number | undefined {
  return count === undefined ? undefined : Number(count);
}
