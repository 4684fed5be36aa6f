import type { TotalsRequest } from "../../core/totals.ts";
import type { TotalsCell } from "../../core/totals-cell.ts";
import type { TotalsUnit } from "../../core/totals-units.ts";

/** What the traces of an experiment within a unit of time came to, by group. */
export type UnitCells = ReadonlyMap<string, TotalsCell>;

/** What was added up before. What has changed since is not found. */
export interface AddedUp {
  find(experimentId: bigint, unit: TotalsUnit, request: TotalsRequest): UnitCells | undefined;
  keep(experimentId: bigint, unit: TotalsUnit, request: TotalsRequest, cells: UnitCells): void;
}

/** So many groups are kept, of all units together: some tens of megabytes. Then those go that were asked for longest ago. */
const CELLS_MAX = 10_000;

/** Keeps nothing yet. */
export function createAddedUp(): AddedUp {
  const kept = new Map<string, { readonly version: bigint; readonly cells: UnitCells }>();
  let cells = 0;
  const drop = (key: string) => {
    cells -= sizeOf(kept.get(key)?.cells);
    kept.delete(key);
  };
  return {
    find(experimentId, unit, request) {
      const key = keyOf(experimentId, unit, request);
      const found = kept.get(key);
      if (found === undefined || found.version !== unit.version) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.cells;
    },
    keep(experimentId, unit, request, added) {
      if (unit.version === undefined || sizeOf(added) > CELLS_MAX) return;
      const key = keyOf(experimentId, unit, request);
      drop(key);
      kept.set(key, { version: unit.version, cells: added });
      cells += sizeOf(added);
      for (const oldest of kept.keys()) {
        if (cells <= CELLS_MAX) break;
        drop(oldest);
      }
    },
  };
}

/** A unit in which there is nothing takes room too. */
function sizeOf(cells: UnitCells | undefined): number {
  return cells === undefined ? 0 : cells.size + 1;
}

/** An experiment has one name: by experiment is the same as all together. */
function keyOf(experimentId: bigint, { fromNs, toNs }: TotalsUnit, { of, groupBy }: TotalsRequest): string {
  const grouping = groupBy === "experiment" ? undefined : groupBy;
  return [experimentId, fromNs, toNs, of, grouping].join("\n");
}
