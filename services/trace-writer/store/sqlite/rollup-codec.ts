import { StoredRollup, type StoredRollupCell, type StoredSketch } from "#proto/twinspan/store/v1/stored_rollup.ts";
import { LatencySketch } from "../../core/totals/latency-sketch.ts";
import { Rollup, type RollupGroups } from "../../core/totals/rollup.ts";
import { TotalsCell } from "../../core/totals/totals-cell.ts";

/** What an hour came to, as a column holds it: some hundred bytes for each pair of groups. */
export function rollupBytesOf(rollup: Rollup): Uint8Array {
  return StoredRollup.encode({ cells: Array.from(rollup.cells(), storedCellOf) }).finish();
}

/** The inverse of {@link rollupBytesOf}. */
export function rollupOfBytes(bytes: Uint8Array): Rollup {
  const rollup = new Rollup();
  for (const cell of StoredRollup.decode(bytes).cells) {
    rollup.addCell([cell.firstGroup, cell.secondGroup], cellOf(cell));
  }
  return rollup;
}

function storedCellOf({ groups, cell }: { groups: RollupGroups; cell: TotalsCell }): StoredRollupCell {
  return {
    firstGroup: groups[0],
    secondGroup: groups[1],
    requests: BigInt(cell.requests),
    errors: BigInt(cell.errors),
    usage: cell.usage,
    cost: cell.cost,
    latency: storedSketchOf(cell.latency),
    firstToken: storedSketchOf(cell.firstToken),
  };
}

function cellOf({ requests, errors, usage, cost, latency, firstToken }: StoredRollupCell): TotalsCell {
  return TotalsCell.of({
    requests: Number(requests),
    errors: Number(errors),
    usage,
    cost,
    latency: sketchOf(latency),
    firstToken: sketchOf(firstToken),
  });
}

function storedSketchOf(sketch: LatencySketch): StoredSketch | undefined {
  const { max, zeros, places, counts } = sketch.counted();
  if (zeros === 0 && places.length === 0) return undefined;
  const steps = places.map((place, index) => place - (places[index - 1] ?? 0));
  return { max, zeros: BigInt(zeros), places: steps, counts: [...counts] };
}

function sketchOf(stored: StoredSketch | undefined): LatencySketch {
  if (stored === undefined) return new LatencySketch();
  let place = 0;
  const places = stored.places.map((step) => {
    place += step;
    return place;
  });
  return LatencySketch.of({ max: stored.max, zeros: Number(stored.zeros), places, counts: stored.counts });
}
