import { integerIn } from "../columns.ts";
import type { Connection } from "./database.ts";

/** Counting takes some milliseconds up to here. */
const PENDING_COUNTED_MAX = 100_000;
/** Each of these is looked at. */
const PENDING_BEFORE_COUNTED_MAX = 10_000;
/** A count is taken again when it is so old, in milliseconds. */
const OLD_MS = 5000;

/** How many pending traces there are whose last span ended before a moment. */
export async function countPendingBefore(connection: Connection, endedNs: bigint): Promise<number> {
  const [found = {}] = await connection.rows(
    `SELECT count(*) AS traces FROM (
      SELECT 1 FROM traces WHERE experiment_id IS NULL AND start_ns + duration_ns < $1
      LIMIT ${PENDING_BEFORE_COUNTED_MAX}) AS counted`,
    [endedNs],
  );
  return Number(integerIn(found, "traces"));
}

/** A count that is known without waiting for it: as old as the last time it was asked for. */
export interface PendingCount {
  /** What was counted last. Counts again meanwhile, where that is old. */
  get(): number;
}

/** Counts pending traces, for who must not wait. A count that fails is the one before. */
export function startPendingCount(connection: Connection): PendingCount & AsyncDisposable {
  let traces = 0;
  let countedMs = Number.NEGATIVE_INFINITY;
  let counting = Promise.resolve();
  const count = async () => {
    const [found = {}] = await connection.rows(
      `SELECT count(*) AS traces FROM (SELECT 1 FROM traces WHERE experiment_id IS NULL LIMIT ${PENDING_COUNTED_MAX}) AS counted`,
    );
    traces = Number(integerIn(found, "traces"));
  };
  return {
    get() {
      if (performance.now() - countedMs >= OLD_MS) {
        countedMs = performance.now();
        // The figure stays as it was: that the database is gone is told by all others who ask it.
        counting = counting.then(count).catch(() => {});
      }
      return traces;
    },
    [Symbol.asyncDispose]: () => counting,
  };
}
