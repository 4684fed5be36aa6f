import { groupOf, partOf, Rollup, type RollupPart } from "../../core/totals/rollup.ts";
import { Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals/totals.ts";
import { hoursOf, type TotalsUnit, totalsUnitsOf } from "../../core/totals/totals-units.ts";
import type { AddedUp } from "../added-up.ts";
import { readHours } from "./changed-hours.ts";
import type { Connection } from "./database.ts";
import { findExperiment } from "./experiment-rows.ts";
import { readUnits } from "./read-units.ts";

/** So many traces and spans are read for one answer: some seconds. */
const ROWS_MAX = 2_000_000;

/**
 * Adds up, as `TraceStore.totals` says, over a connection that sees one moment. What was added up before, and has not changed
 * since, is taken from `addedUp`.
 */
export async function addUp(
  connection: Connection,
  workspace: string,
  request: TotalsRequest,
  addedUp: AddedUp,
  signal: AbortSignal,
): Promise<readonly TotalsPoint[]> {
  const totals = new Totals(request);
  const part = partOf(request);
  let rows = 0;
  const onRows = (more: number) => {
    signal.throwIfAborted();
    rows += more;
    if (rows > ROWS_MAX) throw tooMuch("traces and spans", ROWS_MAX);
  };
  for (const id of new Set(request.experimentIds)) {
    const experiment = await findExperiment(connection, workspace, { $case: "id", value: id.toString() });
    if (experiment === undefined) continue;
    const add = (unit: TotalsUnit, rollup: Rollup) => {
      for (const { groups, cell } of rollup.cells()) {
        totals.addCell(unit.fromNs, groupOf(groups, request.groupBy, experiment.name), cell);
      }
    };
    const rollupsOf = openRollups(connection, part, id, addedUp, onRows);
    let unknown: TotalsUnit[] = [];
    const addUnknown = async () => {
      for (const [unit, rollup] of await rollupsOf(unknown)) add(unit, rollup);
      unknown = [];
    };
    for (const unit of totalsUnitsOf(request, await readHours(connection, id, request.fromNs, request.toNs))) {
      const rollup = addedUp.find(id, unit, part);
      if (rollup === undefined) {
        unknown.push(unit);
      } else {
        await addUnknown();
        add(unit, rollup);
      }
    }
    await addUnknown();
  }
  signal.throwIfAborted();
  return totals.points();
}

/**
 * Gives what units came to that are not known as a whole, and keeps it. Their hours are kept too: when one changes, the
 * others are not read again.
 */
function openRollups(
  connection: Connection,
  part: RollupPart,
  id: bigint,
  addedUp: AddedUp,
  onRows: (rows: number) => void,
): (units: readonly TotalsUnit[]) => Promise<ReadonlyMap<TotalsUnit, Rollup>> {
  const rollupsOfHours = async (hours: readonly TotalsUnit[]) => {
    const rollups = new Map<TotalsUnit, Rollup>();
    // Those next to each other are read in one go.
    let unread: TotalsUnit[] = [];
    const readUnread = async () => {
      for (const [hour, rollup] of await readUnits(connection, part, id, unread, onRows)) {
        addedUp.keep(id, hour, part, rollup);
        rollups.set(hour, rollup);
      }
      unread = [];
    };
    for (const hour of hours) {
      const rollup = addedUp.find(id, hour, part);
      if (rollup === undefined) {
        unread.push(hour);
      } else {
        await readUnread();
        rollups.set(hour, rollup);
      }
    }
    await readUnread();
    return rollups;
  };
  return async (units) => {
    const hours = new Map(units.map((unit) => [unit, hoursOf(unit)]));
    const rollups = await rollupsOfHours([...hours.values()].flat());
    const whole = new Map<TotalsUnit, Rollup>();
    for (const [unit, those] of hours) {
      const rollup = new Rollup();
      for (const hour of those) rollup.merge(rollups.get(hour) ?? new Rollup());
      addedUp.keep(id, unit, part, rollup);
      whole.set(unit, rollup);
    }
    return whole;
  };
}
