/** Each value stands for those within 1 % of it. */
const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

/** So many more classes are made room for when one is missing. */
const SLACK = 32;

/** What a sketch has counted. */
export interface CountedTimes {
  /** The longest, in nanoseconds. */
  readonly max: bigint;
  /** How many took no time at all. */
  readonly zeros: number;
  /** The classes in which there are any, ascending, and how many are in each. */
  readonly places: readonly number[];
  readonly counts: readonly number[];
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
 * Counts times in classes that are each 2 % wider than the one before (DDSketch), some 1,000 for all from a microsecond
 * to an hour. What it comes to does not depend on the order of times, nor on how they were spread over sketches. It
 * takes 8 bytes for each class between the shortest time and the longest: two of them are put together in a millionth
 * of a second.
 */
export class LatencySketch {
  /** How many are in each class, from the class `#first` on. */
  #counts = new Float64Array(0);
  #first = 0;
  #zeros = 0;
  #count = 0;
  #max = 0n;

  /** The inverse of {@link counted}. */
  static of({ max, zeros, places, counts }: CountedTimes): LatencySketch {
    const sketch = new LatencySketch();
    const [first, last] = [places.at(0), places.at(-1)];
    if (first !== undefined && last !== undefined) {
      sketch.#first = first;
      sketch.#counts = new Float64Array(last - first + 1);
    }
    for (const [index, place] of places.entries()) {
      const times = counts[index] ?? 0;
      sketch.#counts[place - sketch.#first] = times;
      sketch.#count += times;
    }
    sketch.#zeros = zeros;
    sketch.#count += zeros;
    sketch.#max = max;
    return sketch;
  }

  /** How many bytes it takes in memory, about. */
  get bytes(): number {
    return this.#counts.byteLength;
  }

  add(nanos: bigint): void {
    this.#count += 1;
    if (nanos > this.#max) this.#max = nanos;
    if (nanos <= 0n) {
      this.#zeros += 1;
      return;
    }
    const place = Math.ceil(Math.log(Number(nanos)) / LOG_GAMMA);
    this.#makeRoom(place, place, SLACK);
    this.#counts[place - this.#first] = (this.#counts[place - this.#first] ?? 0) + 1;
  }

  /** Adds what another has counted. */
  merge(other: LatencySketch): void {
    this.#count += other.#count;
    this.#zeros += other.#zeros;
    if (other.#max > this.#max) this.#max = other.#max;
    const more = other.#counts;
    if (more.length === 0) return;
    this.#makeRoom(other.#first, other.#first + more.length - 1, 0);
    const counts = this.#counts;
    const shift = other.#first - this.#first;
    for (let at = 0; at < more.length; at += 1) counts[at + shift] = (counts[at + shift] ?? 0) + (more[at] ?? 0);
  }

  /** What was counted, so that it can be kept. */
  counted(): CountedTimes {
    const places: number[] = [];
    const counts: number[] = [];
    for (const [at, times] of this.#counts.entries()) {
      if (times === 0) continue;
      places.push(this.#first + at);
      counts.push(times);
    }
    return { max: this.#max, zeros: this.#zeros, places, counts };
  }

  /** Undefined: nothing was counted. */
  summary(): LatencySummary | undefined {
    if (this.#count === 0) return undefined;
    const at = (percent: number) => this.#atRank(Math.ceil((percent / 100) * this.#count));
    return { count: this.#count, p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: this.#max };
  }

  #atRank(rank: number): bigint {
    let passed = this.#zeros;
    if (passed >= rank) return 0n;
    for (const [at, times] of this.#counts.entries()) {
      passed += times;
      if (times === 0 || passed < rank) continue;
      const middle = BigInt(Math.round((2 * GAMMA ** (this.#first + at)) / (GAMMA + 1)));
      return middle < this.#max ? middle : this.#max;
    }
    return this.#max;
  }

  /** Has a count for all classes from one to another, and for some more on a side where one was missing. */
  #makeRoom(from: number, to: number, slack: number): void {
    const before = this.#counts;
    if (before.length === 0) {
      this.#first = from - slack;
      this.#counts = new Float64Array(to - from + 1 + 2 * slack);
      return;
    }
    const last = this.#first + before.length - 1;
    if (from >= this.#first && to <= last) return;
    const first = from < this.#first ? from - slack : this.#first;
    this.#counts = new Float64Array((to > last ? to + slack : last) - first + 1);
    this.#counts.set(before, this.#first - first);
    this.#first = first;
  }
}
