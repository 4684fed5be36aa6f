import type { RecordedInvocation } from "../core/invocation.ts";
import type { Used } from "../core/limits/limit-claims.ts";
import { expectedUsageOf } from "../core/usage/attempt-usage.ts";
import type { Endpoint } from "../endpoints/endpoints.ts";

/**
 * What a call may use, before it is made: its request's tokens, `answerTokens` for the answer, and what the dearest of
 * its endpoint's models takes for both. `body`: the request in JSON. Models without a known price are taken to cost
 * nothing.
 */
export function expectedUseOf(
  { models, fallbacks }: Endpoint,
  { requestType, startNanos }: RecordedInvocation,
  body: () => Buffer,
  answerTokens: number,
): Used {
  const usage = expectedUsageOf(requestType, body, BigInt(answerTokens));
  const costs = [...models, ...fallbacks].map(({ costOf }) => costOf(usage, undefined, startNanos)?.totalNanoUsd ?? 0n);
  return { tokens: Number(usage?.totalTokens ?? 0n), nanoUsd: Math.max(0, ...costs.map(Number)) };
}
