import type { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";

/** A call or an attempt that has ended. */
export interface EndedCall {
  readonly durationNanos: bigint;
  /** From its start to its first token. Undefined: it was not streamed, or none came. */
  readonly firstTokenNanos: bigint | undefined;
  /** Why it failed. Undefined: it went well. */
  readonly errorType: ErrorType | undefined;
}

/** Times, by nearest rank, in nanoseconds. */
export interface Times {
  readonly count: bigint;
  readonly p50Nanos: bigint;
  readonly p90Nanos: bigint;
  readonly p95Nanos: bigint;
  readonly p99Nanos: bigint;
  readonly maxNanos: bigint;
}

/** What calls came to. */
export interface RecentTotals {
  readonly count: number;
  readonly errors: number;
  /** The most frequent first. */
  readonly errorsByType: readonly (readonly [type: ErrorType, count: number])[];
  /** Undefined: there are none. */
  readonly duration: Times | undefined;
  readonly firstToken: Times | undefined;
}

/** How far back calls are remembered, in milliseconds. It moves on by a slice at a time. */
export const WINDOW_MS = 5 * 60_000;
const SLICES = 10;
const SLICE_MS = WINDOW_MS / SLICES;
/** So many of the latest calls are remembered each by itself, for their times. */
const SAMPLES_MAX = 500;

interface Slice {
  /** Which slice of time this is, counted from the clock's beginning. */
  readonly index: number;
  count: number;
  readonly errors: Map<ErrorType, number>;
}

interface Sample {
  readonly endMs: number;
  readonly durationNanos: bigint;
  readonly firstTokenNanos: bigint | undefined;
}

/**
 * What ended in the latest five minutes, or up to half a minute less: all of it counted, and the times of the latest
 * 500. It is told the time, in milliseconds of a clock that never runs backwards.
 */
export class RecentCalls {
  readonly #slices: Slice[] = [];
  readonly #samples: Sample[] = [];
  #nextSample = 0;

  ended({ durationNanos, firstTokenNanos, errorType }: EndedCall, nowMs: number): void {
    const slice = this.#sliceAt(nowMs);
    slice.count += 1;
    if (errorType !== undefined) slice.errors.set(errorType, (slice.errors.get(errorType) ?? 0) + 1);
    this.#samples[this.#nextSample] = { endMs: nowMs, durationNanos, firstTokenNanos };
    this.#nextSample = (this.#nextSample + 1) % SAMPLES_MAX;
  }

  totalsAt(nowMs: number): RecentTotals {
    const slices = this.#slices.filter(({ index }) => index > indexAt(nowMs) - SLICES);
    const byType = new Map<ErrorType, number>();
    for (const { errors } of slices) {
      for (const [type, count] of errors) byType.set(type, (byType.get(type) ?? 0) + count);
    }
    const samples = this.#samples.filter(({ endMs }) => endMs > nowMs - WINDOW_MS);
    return {
      count: slices.reduce((sum, { count }) => sum + count, 0),
      errors: [...byType.values()].reduce((sum, count) => sum + count, 0),
      errorsByType: [...byType].toSorted(([, a], [, b]) => b - a),
      duration: timesOf(samples.map(({ durationNanos }) => durationNanos)),
      firstToken: timesOf(samples.flatMap(({ firstTokenNanos }) => firstTokenNanos ?? [])),
    };
  }

  #sliceAt(nowMs: number): Slice {
    const index = indexAt(nowMs);
    const known = this.#slices[index % SLICES];
    if (known?.index === index) return known;
    const slice: Slice = { index, count: 0, errors: new Map() };
    this.#slices[index % SLICES] = slice;
    return slice;
  }
}

function indexAt(nowMs: number): number {
  return Math.floor(nowMs / SLICE_MS);
}

function timesOf(nanos: readonly bigint[]): Times | undefined {
  const sorted = nanos.toSorted((a, b) => (a < b ? -1 : 1));
  const longest = sorted.at(-1);
  if (longest === undefined) return undefined;
  const at = (percent: number) => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? longest;
  return {
    count: BigInt(sorted.length),
    p50Nanos: at(50),
    p90Nanos: at(90),
    p95Nanos: at(95),
    p99Nanos: at(99),
    maxNanos: longest,
  };
}
