import { type BenchCell, type BenchRun, cellOf, cpuOf } from "./bench-run.ts";
import { benchShapeOf } from "./bench-shape.ts";
import type { Coefficients } from "./coefficients.ts";
import { simulate } from "./simulation/pipeline.ts";

/** A figure that was measured, and what the simulation says of it. */
export interface Checked {
  readonly mode: string;
  readonly what: string;
  readonly measured: number;
  readonly simulated: number;
}

const SIMULATED_MS = 4_000;

/**
 * Holds the simulation against what was measured: of one call at a time and of 64 at once, to which it was fitted, and
 * of calls at a fixed rate, to which it was not.
 */
export function checkedAgainst(bench: BenchRun, known: Coefficients): readonly Checked[] {
  const { recordMs, batchMs } = known.stores.sqlite;
  const costs = {
    ingress: { callMs: known.ingress.callMs.value, turnMs: known.ingress.turnMs.value },
    gateway: { callMs: known.gateway.callMs.value, turnMs: known.gateway.turnMs.value },
    traceWriter: { callMs: recordMs.value, turnMs: batchMs.value },
  };
  const rows = (cell: BenchCell, load: { readonly callers: number } | { readonly perSecond: number }) => {
    const told = simulate(benchShapeOf(costs, cell, load), SIMULATED_MS);
    const row = (what: string, measured: number, simulated: number) => ({ mode: cell.mode, what, measured, simulated });
    return [
      row("calls/s", cell.perSecond, told.perSecond),
      row("ingress, ms", cpuOf(cell, "ingress"), told.cpuMs.ingress),
      row("gateway, ms", cpuOf(cell, "gateway"), told.cpuMs.gateway),
      row("trace-writer, ms", cpuOf(cell, "trace-writer"), told.cpuMs.traceWriter),
    ];
  };
  const open = cellOf(bench, "plain-open", "on-exchange");
  return [
    ...rows(cellOf(bench, "plain-1", "on-exchange"), { callers: 1 }),
    ...rows(cellOf(bench, "plain-64", "on-exchange"), { callers: 64 }),
    ...rows(open, { perSecond: open.perSecond }),
  ];
}
