import { groupOf, partOf, Rollup } from "../../core/totals/rollup.ts";
import { Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals/totals.ts";
import { hoursOf, type TotalsUnit, totalsUnitsOf } from "../../core/totals/totals-units.ts";
import type { AddedUp } from "../added-up.ts";
import { readHours } from "./changed-hours.ts";
import type { Connection } from "./database.ts";
import { findExperiment } from "./experiment-rows.ts";
import { type Rollups, readUnits } from "./read-units.ts";

/** So many traces and spans are read for one answer: some seconds. */
const ROWS_MAX = 2_000_000;

/**
 * Adds up, as `TraceStore.totals` says, over a connection that sees one moment. What was added up before, and has not
 * changed since, is taken from `addedUp`.
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
    const units = totalsUnitsOf(request, await readHours(connection, id, request.fromNs, request.toNs));
    const pieces = piecesOf(units, (unit) => addedUp.find(id, unit, part));
    const read = (unknown: readonly Piece[]) => readUnits(connection, part, id, unknown, onRows);
    const keep = (unit: TotalsUnit, rollup: Rollup) => addedUp.keep(id, unit, part, rollup);
    for await (const [unit, rollup] of rollupsOf(pieces, read, keep)) {
      for (const { groups, cell } of rollup.cells()) {
        totals.addCell(unit.fromNs, groupOf(groups, request.groupBy, experiment.name), cell);
      }
    }
  }
  signal.throwIfAborted();
  return totals.points();
}

/** A unit, or an hour of one that is not known as a whole. */
interface Piece extends TotalsUnit {
  readonly unit: TotalsUnit;
  /** Whether it is the whole unit. */
  readonly isUnit: boolean;
  /** Whether no other piece of its unit follows. */
  readonly isLast: boolean;
  /** What it came to, where that was added up before. */
  readonly known: Rollup | undefined;
}

/** The pieces of units, the latest first. */
function piecesOf(units: readonly TotalsUnit[], find: (unit: TotalsUnit) => Rollup | undefined): readonly Piece[] {
  return units.toReversed().flatMap((unit): readonly Piece[] => {
    const known = find(unit);
    if (known !== undefined) return [{ ...unit, unit, isUnit: true, isLast: true, known }];
    const hours = hoursOf(unit);
    return hours
      .map((hour, place) => ({
        ...hour,
        unit,
        isUnit: hour === unit,
        isLast: place === 0,
        known: hour === unit ? undefined : find(hour),
      }))
      .toReversed();
  });
}

/**
 * What the units of pieces came to. What is read is kept at once, hour by hour: when one changes, the others of its
 * half day are not read again; and what was read for a question that is refused in the end serves the next.
 */
async function* rollupsOf(
  pieces: readonly Piece[],
  read: (unknown: readonly Piece[]) => Rollups<Piece>,
  keep: (unit: TotalsUnit, rollup: Rollup) => void,
): Rollups<TotalsUnit> {
  let sum = new Rollup();
  for await (const [piece, rollup] of rollupsOfPieces(pieces, read)) {
    if (piece.known === undefined) keep(piece, rollup);
    if (piece.isUnit) {
      yield [piece.unit, rollup];
      continue;
    }
    sum.merge(rollup);
    if (!piece.isLast) continue;
    keep(piece.unit, sum);
    yield [piece.unit, sum];
    sum = new Rollup();
  }
}

/** What each of some pieces came to. Unknown ones that are next to each other are read in one go. */
async function* rollupsOfPieces(
  pieces: readonly Piece[],
  read: (unknown: readonly Piece[]) => Rollups<Piece>,
): Rollups<Piece> {
  let unknown: Piece[] = [];
  for (const piece of pieces) {
    if (piece.known === undefined) {
      unknown.push(piece);
      continue;
    }
    yield* read(unknown);
    unknown = [];
    yield [piece, piece.known];
  }
  yield* read(unknown);
}
