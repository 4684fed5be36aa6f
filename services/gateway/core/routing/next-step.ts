import { type ErrorKind, meaningOf } from "#lib/service-error.ts";

/** What is done after an attempt that failed: the same model again, another model, or nothing more. */
export type NextStep =
  | { readonly to: "same_model"; readonly delayMs: number }
  | { readonly to: "next_model" }
  | { readonly to: "nobody" };

/** A failure, as far as the next step depends on it. */
export interface FailedAttempt {
  readonly kind: ErrorKind;
  /** The provider's HTTP status. 0: none came. */
  readonly httpStatus: number;
  /** When the provider asks to be left alone until, in milliseconds from now. Undefined: it does not say. */
  readonly retryAfterMs: number | undefined;
  /** Whether the provider says that the same request cannot succeed (`x-should-retry: false`). */
  readonly isFinal: boolean;
}

/** What the call has spent so far. */
export interface Spent {
  /** Attempts of all models. */
  readonly attempts: number;
  /** Retries of the model that failed. */
  readonly retries: number;
  /** Since the first attempt began. */
  readonly elapsedMs: number;
}

/** What a call may spend: an endpoint's settings. */
export interface RetryOptions {
  readonly attemptsMax: number;
  readonly attemptsMs: number;
  readonly retries: { readonly max: number; readonly delayMinMs: number; readonly delayMaxMs: number };
}

/** Statuses of a provider that does not know how, and will not in a second. */
const NOT_IMPLEMENTED: ReadonlySet<number> = new Set([501, 505]);

/**
 * The step after a failure, by the closed table of docs/routing.md. `random`, from 0 up to 1, is the jitter. No attempt
 * follows beyond `attemptsMax` and `attemptsMs`; a model is asked again at most `retries.max` times, and not where
 * it would have to wait longer than `delayMaxMs`.
 */
export function nextStepOf(failed: FailedAttempt, spent: Spent, options: RetryOptions, random: number): NextStep {
  if (!meaningOf(failed.kind).nextAttempt || isSpent(spent, options)) return { to: "nobody" };
  if (!mayPass(failed) || spent.retries >= options.retries.max) return { to: "next_model" };
  const delayMs = delayOf(failed.retryAfterMs ?? 0, spent.retries, options.retries, random);
  if (delayMs === undefined || spent.elapsedMs + delayMs >= options.attemptsMs) return { to: "next_model" };
  return { to: "same_model", delayMs };
}

/** Whether nothing is left for a further attempt. */
export function isSpent(
  { attempts, elapsedMs }: Omit<Spent, "retries">,
  { attemptsMax, attemptsMs }: RetryOptions,
): boolean {
  return attempts >= attemptsMax || elapsedMs >= attemptsMs;
}

/** Whether the same model may answer the same request a little later. */
function mayPass({ kind, httpStatus, isFinal }: FailedAttempt): boolean {
  return meaningOf(kind).retry && !isFinal && !NOT_IMPLEMENTED.has(httpStatus);
}

/** The wait: as long as the provider asks for, and on top a random part of a limit that doubles. Undefined: too long. */
function delayOf(
  retryAfterMs: number,
  retries: number,
  { delayMinMs, delayMaxMs }: RetryOptions["retries"],
  random: number,
): number | undefined {
  if (retryAfterMs > delayMaxMs) return undefined;
  const jitterMs = random * Math.min(delayMaxMs, delayMinMs * 2 ** retries);
  return Math.min(delayMaxMs, retryAfterMs + jitterMs);
}
