import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import {
  groupOf,
  partOf,
  type RolledSample,
  Rollup,
  type RollupPart,
  rolledSamplesOf,
} from "../../core/totals/rollup.ts";
import { Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals/totals.ts";
import { hoursOf, type TotalsUnit, totalsUnitsOf } from "../../core/totals/totals-units.ts";
import type { AddedUp } from "../added-up.ts";
import { openChangedHourReads } from "./changed-hours.ts";
import { openExperimentTable } from "./experiment-table.ts";
import { openRollupReads } from "./rollup-table.ts";
import { openSummedTraces, type SummedTraces, type Within } from "./summed-traces.ts";

/** So much is done at a time, in rows that are read; between it others have their turn. Some 2 ms. */
const TURN_ROWS = 150;
/** What it takes to use an hour that was added up before, in rows. */
const HOUR_ROWS = 10;
/** So much is done for one answer: some seconds. */
const ROWS_MAX = 2_000_000;

/** Adds up, as `TraceStore.totals` says. The next question may be asked when one is answered. */
export type AddUp = (workspace: string, request: TotalsRequest, signal: AbortSignal) => Promise<readonly TotalsPoint[]>;

/**
 * Prepares adding up over a connection that nothing else uses meanwhile: an answer is one transaction, and so one
 * moment, that lasts over many turns. What hours came to is taken from the file where they are settled; half days, and
 * what was read from rows and has not changed since, from `addedUp`.
 */
export function openAddUp(db: DatabaseSync, addedUp: AddedUp): AddUp {
  const experiments = openExperimentTable(db);
  const changedHoursOf = openChangedHourReads(db);
  const rollupOf = openRollups(db, addedUp);
  return async (workspace, request, signal) => {
    const totals = new Totals(request);
    const part = partOf(request);
    const step = openSteps(signal);
    db.exec("BEGIN");
    try {
      for (const id of new Set(request.experimentIds)) {
        const experiment = experiments.find(workspace, { $case: "id", value: id.toString() });
        if (experiment === undefined) continue;
        for (const unit of totalsUnitsOf(request, changedHoursOf(id, request.fromNs, request.toNs))) {
          const rollup = await rollupOf(id, unit, part, step);
          for (const { groups, cell } of rollup.cells()) {
            totals.addCell(unit.fromNs, groupOf(groups, request.groupBy, experiment.name), cell);
          }
          await step(1);
        }
      }
      return totals.points();
    } finally {
      db.exec("COMMIT");
    }
  };
}

/** Counts what is done, and pauses after a turn's. Throws an `invalid_request` where it is too much. */
type Step = (rows: number) => Promise<void>;

function openSteps(signal: AbortSignal): Step {
  let done = 0;
  let pausedAt = 0;
  return async (rows) => {
    done += rows;
    if (done > ROWS_MAX) throw tooMuch("traces and spans", ROWS_MAX);
    if (done - pausedAt >= TURN_ROWS) {
      pausedAt = done;
      await setImmediate();
    }
    signal.throwIfAborted();
  };
}

/** Gives what a unit came to. */
function openRollups(db: DatabaseSync, addedUp: AddedUp) {
  const rolledUp = openRollupReads(db);
  const traces = openSummedTraces(db);
  return async (experimentId: bigint, unit: TotalsUnit, part: RollupPart, step: Step): Promise<Rollup> => {
    const found = addedUp.find(experimentId, unit, part);
    if (found !== undefined) return found;
    const rollup = new Rollup();
    for (const piece of hoursOf(unit)) {
      const [hour] = piece.hours;
      const stored = hour && rolledUp(experimentId, BigInt(hour.hour), part);
      if (stored !== undefined) {
        rollup.merge(stored);
        await step(HOUR_ROWS);
        continue;
      }
      for (const { rows, samples } of samplesOf(traces, part, experimentId, piece)) {
        for (const sample of samples) rollup.add(sample);
        await step(rows);
      }
    }
    addedUp.keep(experimentId, unit, part, rollup);
    return rollup;
  };
}

/** What each trace that is read comes to, and in how many rows it is: its own, and those of its spans. */
function* samplesOf(
  traces: SummedTraces,
  part: RollupPart,
  experimentId: bigint,
  within: Within,
): Generator<{ readonly rows: number; readonly samples: readonly RolledSample[] }, void, void> {
  if (part === "traces") {
    for (const sample of traces.usage(experimentId, within)) yield { rows: 1, samples: [{ groups: ["", ""], sample }] };
    return;
  }
  for (const trace of traces.billed(experimentId, within)) {
    yield { rows: 1 + trace.spans.length, samples: rolledSamplesOf(trace, part) };
  }
}
