import { setTimeout as delay } from "node:timers/promises";
import { meaningOf, ServiceError } from "#lib/service-error.ts";
import { AttemptReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { isSpent, nextStepOf, type Spent } from "../core/routing/next-step.ts";
import { planOf } from "../core/routing/plan.ts";
import { callableOf, type Endpoint, type PlannedModel, unavailableReasonOf } from "../endpoints/endpoints.ts";
import type { Candidate } from "../recording/open-attempt.ts";
import { drawOf } from "../routing/draw.ts";
import type { Answer, FailedAnswer } from "./answer.ts";
import type { Attempts } from "./try-model.ts";

/** A provider whose breaker lets one attempt try is asked for again after this. */
const TRIAL_MS = 1_000;

/**
 * The way of one call along its endpoint's models: whom it asks next, and what its caller is told when nobody is left.
 * A model whose provider's breaker is open is passed over.
 */
export class Route {
  readonly #attempts: Attempts;
  readonly #left: PlannedModel[];
  readonly #passedOver: PlannedModel[] = [];
  readonly #retries = new Map<PlannedModel, number>();
  readonly #startNanos: bigint;
  #told: FailedAnswer | undefined;

  constructor(attempts: Attempts) {
    const { endpoint, recording, gateway } = attempts;
    const { models, fallbacks } = callableOf(endpoint);
    const draw = drawOf(endpoint.options.sticky, recording.invocation.caller, gateway.random);
    this.#attempts = attempts;
    this.#left = [...planOf(models, fallbacks, draw)];
    this.#startNanos = recording.now();
  }

  /** Whom to ask first. Undefined: nobody can be asked now. */
  first(): Candidate | undefined {
    const candidate = this.next(AttemptReason.ATTEMPT_REASON_FIRST);
    const isFirst = this.#passedOver.length === 0;
    return candidate && { ...candidate, reason: isFirst ? candidate.reason : AttemptReason.ATTEMPT_REASON_FALLBACK };
  }

  /** The next model that nobody has asked yet. Undefined: none is left, or the budget is spent. */
  next(reason: AttemptReason): Candidate | undefined {
    while (!this.#isSpent) {
      const planned = this.#left.shift();
      if (planned === undefined) return undefined;
      const candidate = this.#admit(planned, reason);
      if (candidate !== undefined) return candidate;
    }
    return undefined;
  }

  /** Hears of a failure that another attempt may make good. */
  heard(failed: FailedAnswer): void {
    this.#told = worthTelling(this.#told, failed);
  }

  /**
   * Whom to ask after a failure, once it is time. Undefined: nobody. Throws `signal.reason` when the caller has gone,
   * or goes while it waits.
   */
  async after(failed: FailedAnswer): Promise<Candidate | undefined> {
    const { signal, gateway } = this.#attempts;
    signal.throwIfAborted();
    this.heard(failed);
    const { planned, error, httpStatus, isFinal } = failed;
    const { kind, retryAfterMs } = error;
    const spent = { ...this.#spent, retries: this.#retries.get(planned) ?? 0 };
    const step = nextStepOf({ kind, httpStatus, retryAfterMs, isFinal }, spent, this.#options, gateway.random());
    if (step.to === "nobody") return undefined;
    if (step.to === "next_model") return this.next(AttemptReason.ATTEMPT_REASON_FALLBACK);
    await sleep(step.delayMs, signal);
    this.#retries.set(planned, spent.retries + 1);
    // The wait may have been longer than asked for.
    if (this.#isSpent) return undefined;
    const again = this.#admit(planned, AttemptReason.ATTEMPT_REASON_RETRY);
    return again ?? this.next(AttemptReason.ATTEMPT_REASON_FALLBACK);
  }

  /** What the caller gets when nobody is left: a provider's refusal as it came. Throws what else went wrong. */
  conclude(): Answer {
    if (this.#told === undefined) throw nobodyOf(this.#attempts.endpoint, this.#passedOver);
    if (this.#told.refusal === undefined) throw this.#told.error;
    return this.#told.refusal;
  }

  #admit(planned: PlannedModel, reason: AttemptReason): Candidate | undefined {
    const admission = planned.breaker.admit();
    if (admission !== undefined) return { planned, admission, reason };
    this.#passedOver.push(planned);
    this.#attempts.recording.passedOver(planned);
    return undefined;
  }

  get #isSpent(): boolean {
    return isSpent(this.#spent, this.#options);
  }

  get #spent(): Omit<Spent, "retries"> {
    const { recording } = this.#attempts;
    return { attempts: recording.attempts, elapsedMs: Number(recording.now() - this.#startNanos) / 1e6 };
  }

  get #options() {
    return this.#attempts.endpoint.options;
  }
}

/**
 * Of two failures the one that helps the caller: the later, but one that may pass before one that says only that a
 * model cannot be used for this request or by this gateway. What ends the route is told in any case.
 */
function worthTelling(earlier: FailedAnswer | undefined, later: FailedAnswer): FailedAnswer {
  const { nextAttempt, retry } = meaningOf(later.error.kind);
  const isAside = nextAttempt && !retry;
  return earlier !== undefined && isAside && meaningOf(earlier.error.kind).retry ? earlier : later;
}

/** Why nobody could be asked. */
function nobodyOf(endpoint: Endpoint, passedOver: readonly PlannedModel[]): ServiceError {
  if (passedOver.length === 0) {
    const message = `The endpoint ${endpoint.name} cannot be called: it ${unavailableReasonOf(endpoint)}. Its operator must set that: a variable before the gateway starts, a file or a setting at any time.`;
    return new ServiceError("endpoint_unavailable", message);
  }
  const names = [...new Set(passedOver.map(({ provider }) => provider.name))].join(", ");
  const waitMs = Math.max(TRIAL_MS, Math.min(...passedOver.map(({ breaker }) => breaker.waitMs)));
  const message = `Every provider of the endpoint ${endpoint.name} keeps failing and is left alone for a while: ${names}. Try again later.`;
  return new ServiceError("provider_suspended", message, { retryAfterMs: waitMs });
}

async function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(delayMs, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
