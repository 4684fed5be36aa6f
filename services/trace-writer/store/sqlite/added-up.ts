import type { Rollup, RollupPart } from "../../core/rollup.ts";
import type { TotalsUnit } from "../../core/totals-units.ts";

/** What was added up before. What has changed since is not found. */
export interface AddedUp {
  find(experimentId: bigint, unit: TotalsUnit, part: RollupPart): Rollup | undefined;
  keep(experimentId: bigint, unit: TotalsUnit, part: RollupPart, rollup: Rollup): void;
}

/** So many groups are kept, of all units together: some tens of megabytes. Then those go that were asked for longest ago. */
const GROUPS_MAX = 10_000;

/** Keeps nothing yet. */
export function createAddedUp(): AddedUp {
  const kept = new Map<string, { readonly version: bigint; readonly rollup: Rollup }>();
  let groups = 0;
  const drop = (key: string) => {
    groups -= sizeOf(kept.get(key)?.rollup);
    kept.delete(key);
  };
  return {
    find(experimentId, unit, part) {
      const key = keyOf(experimentId, unit, part);
      const found = kept.get(key);
      if (found === undefined || found.version !== unit.version) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found.rollup;
    },
    keep(experimentId, unit, part, rollup) {
      if (sizeOf(rollup) > GROUPS_MAX) return;
      const key = keyOf(experimentId, unit, part);
      drop(key);
      kept.set(key, { version: unit.version, rollup });
      groups += sizeOf(rollup);
      for (const oldest of kept.keys()) {
        if (groups <= GROUPS_MAX) break;
        drop(oldest);
      }
    },
  };
}

/** A unit in which there is nothing takes room too. */
function sizeOf(rollup: Rollup | undefined): number {
  return rollup === undefined ? 0 : rollup.size + 1;
}

function keyOf(experimentId: bigint, { fromNs, toNs }: TotalsUnit, part: RollupPart): string {
  return [experimentId, fromNs, toNs, part].join("\n");
}
