import type { DatabaseSync } from "node:sqlite";
import { type ChangedHour, HOUR_NS } from "../../core/totals/totals-units.ts";

/**
 * In which hours experiments have traces, and in which commit each changed last, as the writer keeps it. What an hour
 * came to before is removed with the commit that changes it.
 */
export interface ChangedHours {
  /** Notes that a trace that began then came into an experiment, changed there, or left it. Undefined: it is in none. */
  note(experimentId: bigint | undefined, startNs: bigint): void;
  /** Stores what was noted within the transaction at hand, the commit of that number. */
  store(commit: () => bigint): void;
  /** Forgets what was noted: the transaction was rolled back. */
  forget(): void;
}

/** The changed hours of a file that is open for writing. */
export function openChangedHours(db: DatabaseSync): ChangedHours {
  const add = db.prepare(`
    INSERT INTO changed_hours (experiment_id, hour, changed) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET changed = ?3, rolled = 0`);
  const removeRollup = db.prepare("DELETE FROM rollups WHERE experiment_id = ? AND hour = ?");
  const noted = new Map<bigint, Set<bigint>>();
  return {
    note(experimentId, startNs) {
      if (experimentId === undefined || startNs === 0n) return;
      const hours = noted.get(experimentId) ?? new Set<bigint>();
      noted.set(experimentId, hours.add(startNs / HOUR_NS));
    },
    store(commit) {
      for (const [experimentId, hours] of noted) {
        for (const hour of hours) {
          add.run(experimentId, hour, commit());
          removeRollup.run(experimentId, hour);
        }
      }
      noted.clear();
    },
    forget: () => noted.clear(),
  };
}

/** Reads them: of an experiment those that overlap with a time, ascending. */
export function openChangedHourReads(
  db: DatabaseSync,
): (experimentId: bigint, fromNs: bigint, toNs: bigint) => readonly ChangedHour[] {
  const within = db.prepare(
    "SELECT hour, changed FROM changed_hours WHERE experiment_id = ? AND hour >= ? AND hour <= ? ORDER BY hour",
  );
  // There are thousands in a long time, and both fit a number.
  within.setReadBigInts(false);
  return (experimentId, fromNs, toNs) =>
    within.all(experimentId, fromNs / HOUR_NS, (toNs - 1n) / HOUR_NS).map(({ hour, changed }) => ({
      hour: Number(hour),
      changed: Number(changed),
    }));
}

/** Deletion changes an hour as well, so its traces do not tell when that was. */
export const CHANGED_HOURS_MIGRATION = `
  CREATE TABLE changed_hours (
    experiment_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    PRIMARY KEY (experiment_id, hour)
  ) WITHOUT ROWID;
  INSERT INTO changed_hours
    SELECT DISTINCT experiment_id, start_ns / ${HOUR_NS}, (SELECT last FROM commits)
    FROM traces WHERE experiment_id IS NOT NULL;
`;
