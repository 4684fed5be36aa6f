import type { Percentiles } from "./load.ts";

/** Adds up what the connections of a round see. */
export class Tally {
  readonly latenciesMs: number[] = [];
  readonly firstBytesMs: number[] = [];
  readonly gapsMs: number[] = [];
  readonly errors: Record<string, number> = {};

  failed(how: string): void {
    this.errors[how] = (this.errors[how] ?? 0) + 1;
  }
}

/** The percentiles of times, by nearest rank. */
export function percentilesOf(times: readonly number[]): Percentiles {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
