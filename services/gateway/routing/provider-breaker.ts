import type { Logger } from "#lib/logger.ts";
import type { FailureKind } from "../core/invocation.ts";
import { type BreakerOptions, type BreakerState, CircuitBreaker } from "../core/routing/circuit-breaker.ts";
import { verdictOf } from "../core/routing/verdict.ts";

/** That an attempt may be made, and who must be told of it. */
export interface Admission {
  /** Says that an answer has begun. */
  began(): void;
  /** Says how the attempt ended. Undefined: well. */
  ended(failure: FailureKind | undefined): void;
}

/** Settings of a provider's breaker. */
export interface ProviderBreakerOptions extends BreakerOptions {
  /** Off: every attempt passes. */
  readonly enabled: boolean;
}

const ALWAYS: Admission = { began: () => {}, ended: () => {} };

/**
 * The circuit breaker of a provider, shared by all endpoints that use it. Opening and closing are logged, a line each;
 * that a trial failed is not.
 */
export class ProviderBreaker {
  readonly provider: string;
  readonly #options: ProviderBreakerOptions;
  readonly #breaker: CircuitBreaker;
  readonly #log: Logger;
  #isKnownOpen = false;
  #openings = 0;

  constructor(provider: string, options: ProviderBreakerOptions, log: Logger) {
    this.provider = provider;
    this.#options = options;
    this.#breaker = new CircuitBreaker(options);
    this.#log = log;
  }

  get state(): BreakerState {
    return this.#breaker.stateAt(performance.now());
  }

  /** How often it opened after it had been closed. */
  get openings(): number {
    return this.#openings;
  }

  /** When the next attempt may try, in milliseconds from now. */
  get waitMs(): number {
    return this.#breaker.waitMs(performance.now());
  }

  /** Lets an attempt pass. Undefined: the provider is left alone now. */
  admit(): Admission | undefined {
    if (!this.#options.enabled) return ALWAYS;
    const pass = this.#breaker.admit(performance.now());
    if (pass === undefined) return undefined;
    return {
      began: () => {
        this.#breaker.began(pass);
        this.#tell();
      },
      ended: (failure) => {
        this.#breaker.ended(pass, verdictOf(failure), performance.now());
        this.#tell();
      },
    };
  }

  #tell(): void {
    const isOpen = this.state !== "closed";
    if (isOpen === this.#isKnownOpen) return;
    this.#isKnownOpen = isOpen;
    const { provider } = this;
    if (isOpen) {
      this.#openings += 1;
      this.#log.warn(
        { provider, openMs: this.#options.openMs },
        "a provider keeps failing and is left alone for a while",
      );
    } else {
      this.#log.info({ provider }, "a provider answers again");
    }
  }
}
