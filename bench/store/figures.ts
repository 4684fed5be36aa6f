import type { ReadFigures } from "./read-load.ts";
import type { StoreName } from "./stores.ts";

/** What a run measured. */
export interface StoreFigures {
  readonly store: StoreName;
  readonly date: string;
  readonly machine: string;
  readonly writes: readonly WriteFigures[];
  /** The same while the store fills up, part by part, in the order they were written. */
  readonly filling: readonly WriteFigures[];
  readonly traces: number;
  readonly bytesOnDisk: number;
  readonly payloadBytes: number;
  /** When nothing is written, and while records are. */
  readonly quiet: readonly ReadSummary[];
  readonly busy: readonly ReadSummary[];
}

/** What writing came to. */
export interface WriteFigures {
  readonly name: string;
  readonly batch: number;
  readonly lanes: number;
  readonly messages: number;
  readonly spansPerSecond: number;
  /** The trace-writer's processor time for a message, all threads together, in milliseconds. */
  readonly cpuMs: number;
}

/** How long a kind of read took, in milliseconds. */
export interface ReadSummary {
  readonly name: string;
  readonly times: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The percentiles of reads, by nearest rank. */
export function summariesOf(figures: ReadFigures): readonly ReadSummary[] {
  return figures.map(({ name, ms }) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const at = (percent: number) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
    return { name, times: ms.length, p50Ms: at(50), p99Ms: at(99), maxMs: at(100) };
  });
}
