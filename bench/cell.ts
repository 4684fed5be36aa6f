import type { Percentiles } from "./load/load.ts";
import type { LoadGenerator } from "./load/load-generator.ts";
import { bodyOf, type Mode, type ModeName } from "./modes.ts";
import type { MeasuredProcess } from "./processes.ts";
import type { Target } from "./targets/target.ts";

/** What one target did in one mode, in one round. */
export interface Cell {
  readonly round: number;
  readonly mode: ModeName;
  /** The target's name. */
  readonly target: string;
  readonly perSecond: number;
  readonly calls: number;
  /** By what came in place of a whole answer with 200. */
  readonly errors: Readonly<Record<string, number>>;
  readonly latencyMs: Percentiles;
  readonly firstByteMs: Percentiles;
  readonly gapMs: Percentiles;
  /** Processor time for a call, in milliseconds, by process: what is measured, and what is done after the answer. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Likewise, of what measures. */
  readonly ownCpuMs: { readonly generator: number; readonly provider: number };
}

/** All errors of a cell together. */
export function errorsOf({ errors }: Cell): number {
  return Object.values(errors).reduce((sum, count) => sum + count, 0);
}

/** How a cell is measured. */
export interface CellOptions {
  readonly round: number;
  readonly seconds: number;
  /** The rate of modes that have a fixed one. */
  readonly perSecond: number;
}

/** Measures one cell, and waits until what it left behind is done. */
export async function measureCell(
  target: Target,
  mode: Mode,
  { round, seconds, perSecond }: CellOptions,
  generator: LoadGenerator,
  provider: MeasuredProcess,
): Promise<Cell> {
  const asked = target.ask(mode);
  const measured = [...target.processes, provider];
  const before = measured.map((process) => process.cpuSeconds());
  const result = await generator.run({
    port: target.port,
    path: asked.path,
    headers: asked.headers,
    body: bodyOf(mode, asked.model),
    connections: mode.connections,
    spreadMs: mode.spreadMs,
    seconds,
    perSecond: mode.isOpen ? perSecond : undefined,
    answer: mode.answer,
    withContext: asked.withContext,
  });
  const unsettled = await target.settle();
  const cpuMsOf = (secondsTaken: number) => (secondsTaken * 1000) / Math.max(1, result.calls);
  const cpuMs = measured.map((process, index) => cpuMsOf(process.cpuSeconds() - (before[index] ?? 0)));
  return {
    round,
    mode: mode.name,
    target: target.name,
    perSecond: result.calls / result.seconds,
    calls: result.calls,
    errors: unsettled === undefined ? result.errors : { ...result.errors, [unsettled]: 1 },
    latencyMs: result.latencyMs,
    firstByteMs: result.firstByteMs,
    gapMs: result.gapMs,
    cpuMs: Object.fromEntries(target.processes.map(({ name }, index) => [name, cpuMs[index] ?? 0])),
    ownCpuMs: { generator: cpuMsOf(result.cpuSeconds), provider: cpuMs.at(-1) ?? 0 },
  };
}
