import type { Rollup, RollupPart } from "../core/totals/rollup.ts";
import type { TotalsUnit } from "../core/totals/totals-units.ts";

/** What a process has added up before, for its next answers. What has changed since is not found. */
export interface AddedUp {
  find(experimentId: bigint, unit: TotalsUnit, part: RollupPart): Rollup | undefined;
  keep(experimentId: bigint, unit: TotalsUnit, part: RollupPart, rollup: Rollup): void;
}

/** Keeps nothing yet, and no more than `bytesMax`, about. Beyond that those go that were asked for longest ago. */
export function createAddedUp(bytesMax: number): AddedUp {
  const kept = new Map<string, { readonly version: number; readonly rollup: Rollup; readonly bytes: number }>();
  let sum = 0;
  const drop = (key: string) => {
    sum -= kept.get(key)?.bytes ?? 0;
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
      const key = keyOf(experimentId, unit, part);
      drop(key);
      const { bytes } = rollup;
      if (bytes > bytesMax) return;
      kept.set(key, { version: unit.version, rollup, bytes });
      sum += bytes;
      for (const oldest of kept.keys()) {
        if (sum <= bytesMax) break;
        drop(oldest);
      }
    },
  };
}

function keyOf(experimentId: bigint, { fromNs, toNs }: TotalsUnit, part: RollupPart): string {
  return [experimentId, fromNs, toNs, part].join("\n");
}
