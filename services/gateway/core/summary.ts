import { traceNameOf } from "#lib/ids.ts";
import { sumOfCosts, sumOfUsages } from "#lib/spans/usage.ts";
import type { InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";
import { errorTypeOf } from "./error-type.ts";
import type { Attempt, Ending, RecordedInvocation } from "./invocation.ts";

/** What a call came to, for its caller. `answering`: the attempt whose answer the caller got. Undefined: there was none. */
export function summaryOf(
  invocation: RecordedInvocation,
  { endNanos, failure, attempts }: Ending,
  answering: Attempt | undefined,
): InvocationSummary {
  const firstTokenNanos = answering?.answer.firstTokenNanos;
  return {
    traceId: traceNameOf(invocation.traceId),
    errorType: errorTypeOf(failure),
    usage: sumOfUsages(attempts.map(({ answer }) => answer.usage)),
    cost: sumOfCosts(attempts.map(({ cost }) => cost)),
    durationNanos: endNanos - invocation.startNanos,
    providerNanos: providerNanosOf(attempts),
    timeToFirstTokenNanos: firstTokenNanos === undefined ? undefined : firstTokenNanos - invocation.startNanos,
    attempts: attempts.length,
  };
}

/** How long at least one attempt was under way: hedges overlap, and time is spent once. `attempts`: in the order they began. */
function providerNanosOf(attempts: readonly Attempt[]): bigint {
  let spent = 0n;
  let untilNanos = 0n;
  for (const { startNanos, endNanos } of attempts) {
    const fromNanos = startNanos > untilNanos ? startNanos : untilNanos;
    if (endNanos <= fromNanos) continue;
    spent += endNanos - fromNanos;
    untilNanos = endNanos;
  }
  return spent;
}
