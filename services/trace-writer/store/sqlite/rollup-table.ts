import type { DatabaseSync } from "node:sqlite";
import type { Rollup, RollupPart } from "../../core/totals/rollup.ts";
import { bytesIn } from "../columns.ts";
import { rollupBytesOf, rollupOfBytes } from "./rollup-codec.ts";

/** An hour that was added up. */
export interface RolledHour {
  readonly experimentId: bigint;
  readonly hour: bigint;
  /** The commit that had changed it last. */
  readonly changed: bigint;
  /** Undefined: there is too much in it to be kept; whoever asks reads its rows. */
  readonly parts: Readonly<Record<RollupPart, Uint8Array>> | undefined;
}

/**
 * What hours came to, as the writer keeps it: computed from rows, after they were committed, and removed by the commit
 * that changes anything in the hour. So what is there is true.
 */
export interface RollupTable {
  /** Stores those that have not changed since they were added up. */
  store(hours: readonly RolledHour[]): void;
}

/** More groups of an hour are not kept: callers name themselves, so there may be many. */
const GROUPS_MAX = 2_000;

/** The table, of a file that is open for writing. */
export function openRollupTable(db: DatabaseSync): RollupTable {
  const mark = db.prepare("UPDATE changed_hours SET rolled = 1 WHERE experiment_id = ? AND hour = ? AND changed = ?");
  const add = db.prepare(
    "INSERT OR REPLACE INTO rollups (experiment_id, hour, calls, attempts, traces) VALUES (?, ?, ?, ?, ?)",
  );
  return {
    store(hours) {
      for (const { experimentId, hour, changed, parts } of hours) {
        const isCurrent = Number(mark.run(experimentId, hour, changed).changes) === 1;
        if (isCurrent && parts !== undefined) add.run(experimentId, hour, parts.calls, parts.attempts, parts.traces);
      }
    },
  };
}

/** Reads what an hour came to. Undefined: that is not known. */
export function openRollupReads(
  db: DatabaseSync,
): (experimentId: bigint, hour: bigint, part: RollupPart) => Rollup | undefined {
  const prepared = (part: RollupPart) =>
    db.prepare(`SELECT ${part} AS bytes FROM rollups WHERE experiment_id = ? AND hour = ?`);
  const reads = { calls: prepared("calls"), attempts: prepared("attempts"), traces: prepared("traces") };
  return (experimentId, hour, part) => {
    const row = reads[part].get(experimentId, hour);
    return row && rollupOfBytes(bytesIn(row, "bytes"));
  };
}

/** The parts of an hour as they are stored. Undefined: there is too much in it. */
export function rolledPartsOf(parts: Readonly<Record<RollupPart, Rollup>>): RolledHour["parts"] {
  const { calls, attempts, traces } = parts;
  if (calls.size + attempts.size + traces.size > GROUPS_MAX) return undefined;
  return { calls: rollupBytesOf(calls), attempts: rollupBytesOf(attempts), traces: rollupBytesOf(traces) };
}

/** `rolled`: it was added up since it changed. */
export const ROLLUP_MIGRATION = `
  ALTER TABLE changed_hours ADD COLUMN rolled INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX changed_hours_due ON changed_hours (hour) WHERE rolled = 0;
  CREATE TABLE rollups (
    experiment_id INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    calls BLOB NOT NULL,
    attempts BLOB NOT NULL,
    traces BLOB NOT NULL,
    PRIMARY KEY (experiment_id, hour)
  ) WITHOUT ROWID;
`;
