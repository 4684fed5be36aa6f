import { FaultWindow } from "./fault-window.ts";

/** What a breaker does with attempts: lets them pass, lets one try, lets none pass. */
export type BreakerState = "closed" | "half_open" | "open";

/** What an attempt says of its provider. `neither`: it says nothing, as when the caller hung up. */
export type Verdict = "well" | "fault" | "neither";

/** When a breaker opens and for how long. */
export interface BreakerOptions {
  /** The share of attempts, above 0 and below 1, that must be faults. */
  readonly failureRate: number;
  /** The time over which the share is taken, in milliseconds. */
  readonly windowMs: number;
  /** How many attempts that time must have before the share means anything. */
  readonly attemptsMin: number;
  /** How long no attempt passes, in milliseconds. */
  readonly openMs: number;
}

/** That an attempt may be made. It is given back with what came of the attempt. */
export interface Pass {
  /** Whether the attempt is the one that tries whether the provider is well again. */
  readonly isTrial: boolean;
  /** How often the breaker had opened. */
  readonly openings: number;
}

/**
 * A circuit breaker as a machine of states: it is told the time, in milliseconds of a clock that never runs backwards.
 * Closed, it counts what attempts come to. When enough of them are faults it is open, and no attempt passes for
 * `openMs`. Then one may try: if it goes well the breaker is closed and has forgotten everything, if not it is open
 * again. What was under way when the breaker opened is not counted any more.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #window: FaultWindow;
  #openings = 0;
  /** When it opened. Undefined: it is closed. */
  #openedMs: number | undefined;
  /** The attempt that tries. */
  #trial: Pass | undefined;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#window = new FaultWindow(options.windowMs);
  }

  stateAt(nowMs: number): BreakerState {
    if (this.#openedMs === undefined) return "closed";
    return nowMs - this.#openedMs < this.#options.openMs ? "open" : "half_open";
  }

  /** When the next attempt may try, in whole milliseconds from now. 0: now, or when the one that tries has ended. */
  waitMs(nowMs: number): number {
    return this.#openedMs === undefined ? 0 : Math.max(0, Math.ceil(this.#openedMs + this.#options.openMs - nowMs));
  }

  /** Lets an attempt pass. Undefined: it must not be made. */
  admit(nowMs: number): Pass | undefined {
    const state = this.stateAt(nowMs);
    if (state === "closed") return { isTrial: false, openings: this.#openings };
    if (state === "open" || this.#trial !== undefined) return undefined;
    this.#trial = { isTrial: true, openings: this.#openings };
    return this.#trial;
  }

  /** Hears that an attempt's answer has begun: where it was the one that tried, that is well enough. */
  began(pass: Pass): void {
    if (pass === this.#trial) this.#close();
  }

  /** Hears what an attempt came to. Each is told once. */
  ended(pass: Pass, verdict: Verdict, nowMs: number): void {
    if (pass === this.#trial) {
      this.#trial = undefined;
      if (verdict === "well") this.#close();
      if (verdict === "fault") this.#open(nowMs);
      return;
    }
    if (this.#openedMs !== undefined || pass.openings !== this.#openings || verdict === "neither") return;
    this.#window.add(verdict === "fault", nowMs);
    if (verdict === "well") return;
    const { attempts, faults } = this.#window.totalsAt(nowMs);
    const { attemptsMin, failureRate } = this.#options;
    if (attempts >= attemptsMin && faults >= failureRate * attempts) this.#open(nowMs);
  }

  #open(nowMs: number): void {
    this.#openedMs = nowMs;
    this.#openings += 1;
  }

  #close(): void {
    this.#openedMs = undefined;
    this.#trial = undefined;
    this.#window = new FaultWindow(this.#options.windowMs);
  }
}
