import type { ListingTable } from "./listing-table.ts";

/** How old the count may be, in milliseconds. */
const AGE_MS = 2000;
const COUNTED_MAX = 100_000;

/** Counts the pending traces behind the scenes, since who asks does not wait. Zero until it has counted once. */
export function watchPending(listings: Pick<ListingTable, "countPending">): { count(): number } {
  let known = 0;
  let countedAt = Number.NEGATIVE_INFINITY;
  const refresh = async () => {
    countedAt = performance.now();
    // Where it cannot be reached, its connection says so; the last count stands.
    known = await listings.countPending(undefined, COUNTED_MAX).catch(() => known);
  };
  return {
    count() {
      if (performance.now() - countedAt > AGE_MS) void refresh();
      return known;
    },
  };
}
