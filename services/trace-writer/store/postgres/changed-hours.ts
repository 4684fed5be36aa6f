import type { ChangedHour } from "../../core/totals/totals-units.ts";
import { HOUR_NS } from "../../core/totals/totals-units.ts";
import { integerIn } from "../columns.ts";
import { bigints } from "./arrays.ts";
import type { Connection } from "./database.ts";

/** The hours, counted from the Unix epoch, in which traces of experiments have changed, by the experiments' ids. */
export type TouchedHours = Map<bigint, Set<bigint>>;

/** Notes that a trace that began then came into an experiment, changed there, or left it. Undefined: it is in none. */
export function noteHour(hours: TouchedHours, experimentId: bigint | undefined, startNs: bigint): void {
  if (experimentId === undefined || startNs === 0n) return;
  hours.set(experimentId, (hours.get(experimentId) ?? new Set<bigint>()).add(startNs / HOUR_NS));
}

/**
 * Stores what was noted. Each writer counts in a slot of its own: commits end in another order than they begin, so that
 * no number that one of them gives an hour tells whether another has ended since; how often all of them have changed it
 * does.
 */
export async function writeHours(connection: Connection, touched: TouchedHours, slot: number): Promise<void> {
  const hours = [...touched]
    .flatMap(([experimentId, those]) => Array.from(those, (hour) => ({ experimentId, hour })))
    .toSorted((a, b) => Number(a.experimentId - b.experimentId) || Number(a.hour - b.hour));
  if (hours.length === 0) return;
  await connection.write(
    `INSERT INTO changed_hours AS held (experiment_id, hour, slot, changes)
      SELECT experiment_id, hour, $3::smallint, 1 FROM unnest($1::bigint[], $2::bigint[]) AS r(experiment_id, hour)
      ON CONFLICT (experiment_id, hour, slot) DO UPDATE SET changes = held.changes + 1`,
    [bigints(hours.map(({ experimentId }) => experimentId)), bigints(hours.map(({ hour }) => hour)), slot],
  );
}

/** Of an experiment those that overlap with a time, ascending. */
export async function readHours(
  connection: Connection,
  experimentId: bigint,
  fromNs: bigint,
  toNs: bigint,
): Promise<readonly ChangedHour[]> {
  const rows = await connection.rows(
    `SELECT hour, sum(changes)::bigint AS changed FROM changed_hours
      WHERE experiment_id = $1 AND hour >= $2 AND hour <= $3 GROUP BY hour ORDER BY hour`,
    [experimentId, fromNs / HOUR_NS, (toNs - 1n) / HOUR_NS],
  );
  return rows.map((row) => ({ hour: Number(integerIn(row, "hour")), changed: Number(integerIn(row, "changed")) }));
}

/** Deletion changes an hour as well, so its traces do not tell when that was. */
export const CHANGED_HOURS_MIGRATION = `
  CREATE TABLE changed_hours (
    experiment_id bigint NOT NULL,
    hour bigint NOT NULL,
    slot smallint NOT NULL,
    changes bigint NOT NULL,
    PRIMARY KEY (experiment_id, hour, slot)
  ) WITH (fillfactor = 50);
  INSERT INTO changed_hours
    SELECT DISTINCT experiment_id, start_ns / ${HOUR_NS}, 0, 1 FROM traces WHERE experiment_id IS NOT NULL;
`;
