import type { Rollup, RollupPart } from "../core/totals/rollup.ts";
import type { TotalsUnit } from "../core/totals/totals-units.ts";

/** What a process has added up before, for its next answers. What has changed since is not found. */
export interface AddedUp {
  find(experimentId: bigint, unit: TotalsUnit, part: RollupPart): Rollup | undefined;
  keep(experimentId: bigint, unit: TotalsUnit, part: RollupPart, rollup: Rollup): void;
}

/**
 * Keeps nothing yet, and no more than `groupsMax` groups, of all units together: some kilobytes each at the most. Then those go
 * that were asked for longest ago.
 */
export function createAddedUp(groupsMax: number): AddedUp {
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
      if (sizeOf(rollup) > groupsMax) return;
      const key = keyOf(experimentId, unit, part);
      drop(key);
      kept.set(key, { version: unit.version, rollup });
      groups += sizeOf(rollup);
      for (const oldest of kept.keys()) {
        if (groups <= groupsMax) break;
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
