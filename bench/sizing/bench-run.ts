import { z } from "zod";

const cellSchema = z.object({
  mode: z.string(),
  target: z.string(),
  perSecond: z.number(),
  latencyMs: z.object({ p50: z.number() }),
  cpuMs: z.record(z.string(), z.number()),
  ownCpuMs: z.object({ generator: z.number(), provider: z.number() }),
});

/** What is read of the raw figures of `make bench`, docs/performance/run.json. */
export const benchRunSchema = z.object({
  run: z.object({ date: z.string(), machine: z.string() }),
  cells: z.array(cellSchema),
});

export type BenchRun = z.output<typeof benchRunSchema>;
export type BenchCell = z.output<typeof cellSchema>;

/**
 * A target in a mode, in the round with the shortest calls: whoever else is on the machine can only make them longer.
 * Throws where it was not measured.
 */
export function cellOf({ cells }: BenchRun, mode: string, target: string): BenchCell {
  const [best] = cells
    .filter((cell) => cell.mode === mode && cell.target === target)
    .toSorted((a, b) => a.latencyMs.p50 - b.latencyMs.p50);
  if (best === undefined) throw new Error(`the run has no ${target} in ${mode}: measure it by make bench`);
  return best;
}

/** Processor time for a call, of a process that the bench names. */
export function cpuOf({ cpuMs, mode, target }: BenchCell, process: string): number {
  const ms = cpuMs[process];
  if (ms === undefined) throw new Error(`${target} in ${mode} has no process ${process}`);
  return ms;
}
