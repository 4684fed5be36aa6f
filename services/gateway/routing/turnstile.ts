import { ServiceError } from "#lib/service-error.ts";
import { Turn } from "#lib/turn.ts";

/** How many calls of an endpoint may be under way, and wait, at once. */
export interface TurnstileOptions {
  /** Undefined: any number. */
  readonly callsMax?: number | undefined;
  readonly queueMax: number;
  /** In milliseconds. */
  readonly queueMs: number;
}

/** Why calls got no turn. */
export type TurnRefusal = "full" | "late";

/** A caller that gets no turn is told to come back after this. */
const RETRY_AFTER_MS = 1_000;

/** Lets the calls of an endpoint through, at most `callsMax` at once. The others wait, and go in the order they came. */
export class Turnstile {
  readonly endpoint: string;
  /** How many calls got no turn, by reason. */
  readonly refused: Readonly<Record<TurnRefusal, number>>;
  readonly #refused = { full: 0, late: 0 };
  readonly #waiting = new Set<() => void>();
  #options: TurnstileOptions;
  #inUse = 0;

  constructor(endpoint: string, options: TurnstileOptions) {
    this.endpoint = endpoint;
    this.refused = this.#refused;
    this.#options = options;
  }

  /** How many calls are under way. */
  get inUse(): number {
    return this.#inUse;
  }

  /** How many calls wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Sets other limits. The calls under way go on, and those that wait keep their places and their patience. */
  limit(options: TurnstileOptions): void {
    this.#options = options;
    this.#letIn();
  }

  /** Takes a turn, which is held until it is disposed of. Undefined: there is none now. */
  enter(): Disposable | undefined {
    return this.#hasRoom ? this.#turn() : undefined;
  }

  /**
   * Waits for a turn. Throws a ServiceError `overloaded` when too many wait already, or it has not come within
   * `queueMs`; `signal.reason` when the signal aborts.
   */
  async wait(signal: AbortSignal): Promise<Disposable> {
    const { queueMax, queueMs } = this.#options;
    signal.throwIfAborted();
    if (this.#waiting.size >= queueMax) throw this.#refusalOf("full");
    const { promise, resolve, reject } = Promise.withResolvers<Disposable>();
    const goIn = () => resolve(this.#turn());
    const giveUp = (reason: unknown) => {
      this.#waiting.delete(goIn);
      reject(reason);
    };
    const onAbort = () => giveUp(signal.reason);
    const timer = setTimeout(() => giveUp(this.#refusalOf("late")), queueMs);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(goIn);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  get #hasRoom(): boolean {
    const { callsMax } = this.#options;
    return callsMax === undefined || this.#inUse < callsMax;
  }

  #turn(): Disposable {
    this.#inUse += 1;
    return new Turn(() => {
      this.#inUse -= 1;
      this.#letIn();
    });
  }

  /** Whoever is let in has its turn from that moment on, so that nobody comes between. */
  #letIn(): void {
    for (const goIn of this.#waiting) {
      if (!this.#hasRoom) return;
      this.#waiting.delete(goIn);
      goIn();
    }
  }

  #refusalOf(reason: TurnRefusal): ServiceError {
    this.#refused[reason] += 1;
    const { callsMax, queueMax, queueMs } = this.#options;
    const why =
      reason === "full"
        ? `${callsMax} calls are under way and ${queueMax} wait (concurrency.callsMax, queueMax)`
        : `no turn came within ${queueMs} ms (concurrency.queueMs)`;
    const message = `The endpoint ${this.endpoint} has more calls than it takes at once: ${why}. Try again later.`;
    return new ServiceError("overloaded", message, { retryAfterMs: RETRY_AFTER_MS });
  }
}
