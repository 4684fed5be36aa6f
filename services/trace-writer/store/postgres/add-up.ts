import { groupOf, partOf, type Rollup } from "../../core/totals/rollup.ts";
import { Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals/totals.ts";
import { type TotalsUnit, totalsUnitsOf } from "../../core/totals/totals-units.ts";
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
    // Units next to each other are read in one go.
    let unread: TotalsUnit[] = [];
    const readUnread = async () => {
      for (const [unit, rollup] of await readUnits(connection, part, id, unread, onRows)) {
        addedUp.keep(id, unit, part, rollup);
        add(unit, rollup);
      }
      unread = [];
    };
    for (const unit of totalsUnitsOf(request, await readHours(connection, id, request.fromNs, request.toNs))) {
      const rollup = addedUp.find(id, unit, part);
      if (rollup === undefined) {
        unread.push(unit);
      } else {
        await readUnread();
        add(unit, rollup);
      }
    }
    await readUnread();
  }
  signal.throwIfAborted();
  return totals.points();
}
