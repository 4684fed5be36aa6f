import type { Claim } from "./limit-claims.ts";

/** How a window stands after a call has claimed of it. */
export interface LimitStanding {
  readonly claim: Claim;
  /** How much is left of it. */
  readonly left: number;
}

/** So many windows are told of at the most. */
const TOLD_MAX = 8;

/**
 * How a caller's windows stand, in the words of the IETF's draft on RateLimit headers (structured fields): the policies
 * with their quota, and what is left of each for how many seconds. Budgets are not told: what money there is is no
 * caller's business. None: there is nothing to tell.
 */
export function limitHeadersOf(
  standings: readonly LimitStanding[],
  nowMs: number,
): readonly (readonly [string, string])[] {
  const told = standings.filter(({ claim }) => claim.unit !== "nanoUsd").slice(0, TOLD_MAX);
  if (told.length === 0) return [];
  const itemOf = ({ rule, unit }: Claim, parameters: string) => `"${rule.name}.${unit}";${parameters}`;
  const policies = told.map(({ claim }) => itemOf(claim, `q=${claim.max};w=${secondsOf(claim)};qu="${claim.unit}"`));
  const limits = told.map(({ claim, left }) => {
    return itemOf(claim, `r=${left};t=${Math.max(0, Math.ceil((claim.endMs - nowMs) / 1000))}`);
  });
  return [
    ["ratelimit-policy", policies.join(", ")],
    ["ratelimit", limits.join(", ")],
  ];
}

/** A month is told as thirty days. */
const SECONDS = { second: 1, minute: 60, hour: 3_600, day: 86_400, week: 604_800, month: 2_592_000 } as const;

function secondsOf({ rule }: Claim): number {
  return SECONDS[rule.every];
}
