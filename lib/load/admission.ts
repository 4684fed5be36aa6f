import { monitorEventLoopDelay } from "node:perf_hooks";
import { ServiceError } from "../service-error.ts";
import { Turn } from "../turn.ts";

/** What a service takes on at once. */
export interface AdmissionLimits {
  /** How many calls may be under way at once. */
  readonly callsMax: number;
  /** How late the process may be with everything, in milliseconds, on average over a while. */
  readonly loopDelayMsMax: number;
}

/** Why calls are turned away: there are too many, or the process does not keep up. */
export type ShedReason = "calls" | "event_loop";

/** How often the delay is taken. Two in a row count: one that is long alone is a garbage collection, or a start. */
const SAMPLE_MS = 250;
const RESOLUTION_MS = 10;
/** For so long after the last call that was turned away a service says that it is overloaded. */
const TOLD_MS = 5_000;
const RETRY_AFTER_MS = 1_000;

/**
 * Lets calls in as long as the process can serve them. Those beyond are turned away at once, before anything of them is
 * read, so that the others keep their pace and memory stays bounded. Disposing of it ends its measuring.
 */
export class Admission implements Disposable {
  /** How many calls were turned away, by reason. */
  readonly shed: Readonly<Record<ShedReason, number>>;
  readonly #setting: string;
  readonly #limits: AdmissionLimits;
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  readonly #shed = { calls: 0, event_loop: 0 };
  #calls = 0;
  #delayMs = 0;
  #isLate = false;
  #shedAtMs = Number.NEGATIVE_INFINITY;

  /** `setting`: where the limits are in the configuration, `gateway.limits`. */
  constructor(setting: string, limits: AdmissionLimits) {
    this.shed = this.#shed;
    this.#setting = setting;
    this.#limits = limits;
    this.#delay.enable();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  /** How many calls are under way. */
  get calls(): number {
    return this.#calls;
  }

  /** How late the process is, in milliseconds. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** That calls are being turned away, in words. Undefined: they are not. */
  get trouble(): string | undefined {
    if (performance.now() - this.#shedAtMs > TOLD_MS) return undefined;
    return `overloaded: calls are turned away (${this.#calls} under way, the event loop ${Math.round(this.#delayMs)} ms late)`;
  }

  /** Lets a call in, until it is disposed of; or throws a ServiceError `overloaded`. */
  enter(): Disposable {
    if (this.#calls >= this.#limits.callsMax) {
      throw this.#refusal("calls", `${this.#limits.callsMax} calls are under way (${this.#setting}.callsMax)`);
    }
    if (this.#isLate) {
      throw this.#refusal(
        "event_loop",
        `the process is ${Math.round(this.#delayMs)} ms late (${this.#setting}.loopDelayMsMax)`,
      );
    }
    this.#calls += 1;
    return new Turn(() => {
      this.#calls -= 1;
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #sample(): void {
    const before = this.#delayMs;
    const mean = this.#delay.mean / 1e6 - RESOLUTION_MS;
    this.#delayMs = Number.isFinite(mean) ? Math.max(0, mean) : 0;
    this.#delay.reset();
    this.#isLate = Math.min(before, this.#delayMs) > this.#limits.loopDelayMsMax;
  }

  #refusal(reason: ShedReason, why: string): ServiceError {
    this.#shed[reason] += 1;
    this.#shedAtMs = performance.now();
    return new ServiceError("overloaded", `Too much at once: ${why}. Try again soon.`, {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}
