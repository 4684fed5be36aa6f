/** The longest that Node waits, in milliseconds. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/**
 * Deadlines of what mostly ends long before its own: one timer is set for all of them, for the earliest, and looks then
 * which have passed. It keeps no process alive. Disposing of it ends the timer, and no deadline passes any more.
 */
export class Deadlines implements Disposable {
  readonly #ahead = new Set<Deadline>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer rings, on the clock of `performance.now()`. */
  #ringsAtMs = Number.POSITIVE_INFINITY;
  #isDisposed = false;

  /**
   * Calls `onPassed` once, in so many milliseconds; never, where what is returned, or all of this, is disposed of
   * before. One that throws keeps no other from passing; what it threw is an exception that nobody caught.
   */
  in(ms: number, onPassed: () => void): Disposable {
    const deadline = new Deadline(this.#ahead, performance.now() + ms, onPassed);
    if (this.#isDisposed) return deadline;
    this.#ahead.add(deadline);
    if (deadline.atMs < this.#ringsAtMs) this.#ringAt(deadline.atMs);
    return deadline;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#ahead.clear();
  }

  #ringAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#ringsAtMs = atMs;
    const waitMs = Math.max(0, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => this.#look(), Math.min(waitMs, TIMEOUT_MS_MAX)).unref();
  }

  /** Lets all pass that have. Where one throws, the timer rings at once for those after it. */
  #look(): void {
    this.#ringsAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    const passed = [...this.#ahead].filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
    try {
      for (const deadline of passed) deadline.pass();
    } finally {
      this.#ringForEarliest();
    }
  }

  #ringForEarliest(): void {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of this.#ahead) earliestMs = Math.min(earliestMs, atMs);
    if (earliestMs < this.#ringsAtMs) this.#ringAt(earliestMs);
  }
}

class Deadline implements Disposable {
  readonly atMs: number;
  readonly #ahead: Set<Deadline>;
  readonly #onPassed: () => void;

  constructor(ahead: Set<Deadline>, atMs: number, onPassed: () => void) {
    this.#ahead = ahead;
    this.atMs = atMs;
    this.#onPassed = onPassed;
  }

  /** It has passed, unless it was disposed of, by another that passed with it perhaps. */
  pass(): void {
    if (this.#ahead.delete(this)) this.#onPassed();
  }

  [Symbol.dispose](): void {
    this.#ahead.delete(this);
  }
}
