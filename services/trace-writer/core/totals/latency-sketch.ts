/** Each value stands for those within 1 % of it. */
const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** The class of what took no time at all. */
const NONE = Number.NEGATIVE_INFINITY;

/** What a sketch has counted. */
export interface CountedTimes {
  /** The longest, in nanoseconds. */
  readonly max: bigint;
  /** How many took no time at all. */
  readonly zeros: number;
  /** The classes in which there are any, and how many, ascending. */
  readonly classes: readonly (readonly [place: number, times: number])[];
}

/** Times by how long they took, in nanoseconds. */
export interface LatencySummary {
  readonly count: number;
  /** By nearest rank, each within 1 % of the time that has that rank. */
  readonly p50: bigint;
  readonly p90: bigint;
  readonly p95: bigint;
  readonly p99: bigint;
  /** Exact. */
  readonly max: bigint;
}

/**
 * Counts times in classes that are each 2 % wider than the one before (DDSketch), some 1,000 for all from a microsecond to
 * an hour. What it comes to does not depend on the order of times, nor on how they were spread over sketches.
 */
export class LatencySketch {
  readonly #classes = new Map<number, number>();
  #count = 0;
  #max = 0n;

  /** The inverse of {@link counted}. */
  static of({ max, zeros, classes }: CountedTimes): LatencySketch {
    const sketch = new LatencySketch();
    const counted = zeros === 0 ? classes : [[NONE, zeros] as const, ...classes];
    for (const [place, times] of counted) {
      sketch.#classes.set(place, times);
      sketch.#count += times;
    }
    sketch.#max = max;
    return sketch;
  }

  add(nanos: bigint): void {
    this.#count += 1;
    if (nanos > this.#max) this.#max = nanos;
    const place = nanos <= 0n ? NONE : Math.ceil(Math.log(Number(nanos)) / LOG_GAMMA);
    this.#classes.set(place, (this.#classes.get(place) ?? 0) + 1);
  }

  /** Adds what another has counted. */
  merge(other: LatencySketch): void {
    this.#count += other.#count;
    if (other.#max > this.#max) this.#max = other.#max;
    for (const [place, times] of other.#classes) this.#classes.set(place, (this.#classes.get(place) ?? 0) + times);
  }

  /** What was counted, so that it can be kept. */
  counted(): CountedTimes {
    const classes = [...this.#classes].filter(([place]) => place !== NONE).toSorted(([a], [b]) => a - b);
    return { max: this.#max, zeros: this.#classes.get(NONE) ?? 0, classes };
  }

  /** Undefined: nothing was counted. */
  summary(): LatencySummary | undefined {
    if (this.#count === 0) return undefined;
    const classes = [...this.#classes].toSorted(([a], [b]) => a - b);
    const at = (percent: number) => this.#atRank(classes, Math.ceil((percent / 100) * this.#count));
    return { count: this.#count, p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: this.#max };
  }

  #atRank(classes: readonly (readonly [number, number])[], rank: number): bigint {
    let passed = 0;
    for (const [place, times] of classes) {
      passed += times;
      if (passed < rank) continue;
      const middle = place === NONE ? 0n : BigInt(Math.round((2 * GAMMA ** place) / (GAMMA + 1)));
      return middle < this.#max ? middle : this.#max;
    }
    return this.#max;
  }
}
