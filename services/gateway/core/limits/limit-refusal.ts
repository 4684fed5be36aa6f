import { ServiceError } from "#lib/service-error.ts";
import type { Claim, LimitRule } from "./limit-claims.ts";

/** A caller that has too many calls under way is told to come back after this. */
const RETRY_AFTER_MS = 1_000;

/**
 * What a caller is told whose call has no room in a window. Its subject is not named: it is the caller's own, or the
 * endpoint's.
 */
export function refusalOf({ rule, unit, max, endMs }: Claim, nowMs: number): ServiceError {
  const retryAfterMs = Math.max(1, endMs - nowMs);
  const seconds = Math.ceil(retryAfterMs / 1000);
  const metadata = { limit: rule.name };
  if (unit === "nanoUsd") {
    const message = `The budget ${rule.name} of ${rule.usdMax} US dollars per ${rule.per} and ${rule.every} has no room for this call. The next ${rule.every} begins in ${seconds} s.`;
    return new ServiceError("budget_exceeded", message, { retryAfterMs, metadata });
  }
  const message = `The limit ${rule.name} of ${max} ${unit} per ${rule.per} and ${rule.every} has no room for this call. Try again in ${seconds} s.`;
  return new ServiceError("rate_limited", message, { retryAfterMs, metadata });
}

/** What a caller is told who has as many calls under way as a rule allows. */
export function tooManyAtOnce({ name, callsMax, per }: LimitRule): ServiceError {
  const message = `The limit ${name} of ${callsMax} calls at once per ${per} is reached. Try again when one has ended.`;
  return new ServiceError("rate_limited", message, { retryAfterMs: RETRY_AFTER_MS, metadata: { limit: name } });
}
