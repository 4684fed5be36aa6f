import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "../columns.ts";
import type { SizeTable } from "../commit/tables.ts";
import { PENDING_ID } from "./facet-table.ts";

/** What experiments hold, in an open file. */
export interface SqliteSizeTable extends SizeTable {
  /** Stores what was noted within the transaction at hand. */
  store(): void;
  /** Forgets what was noted: the transaction was rolled back. */
  forget(): void;
}

interface Change {
  readonly workspace: string;
  readonly experimentId: bigint;
  traces: bigint;
  bytes: bigint;
}

/** The sizes in an open file. */
export function openSizeTable(db: DatabaseSync): SqliteSizeTable {
  const find = db.prepare("SELECT traces, bytes FROM experiment_sizes WHERE workspace = ? AND experiment_id = ?");
  const add = db.prepare(`
    INSERT INTO experiment_sizes (workspace, experiment_id, traces, bytes) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET traces = traces + ?3, bytes = bytes + ?4`);
  const changes = new Map<string, Change>();
  return {
    note(workspace, experimentId = PENDING_ID, traces, bytes) {
      const key = keyOf(workspace, experimentId);
      const change = changes.get(key) ?? { workspace, experimentId, traces: 0n, bytes: 0n };
      change.traces += traces;
      change.bytes += bytes;
      changes.set(key, change);
    },
    sizeOf(workspace, experimentId = PENDING_ID) {
      const found = find.get(workspace, experimentId) ?? { traces: 0n, bytes: 0n };
      const change = changes.get(keyOf(workspace, experimentId));
      return {
        traces: integerIn(found, "traces") + (change?.traces ?? 0n),
        bytes: integerIn(found, "bytes") + (change?.bytes ?? 0n),
      };
    },
    store() {
      for (const { workspace, experimentId, traces, bytes } of changes.values()) {
        if (traces !== 0n || bytes !== 0n) add.run(workspace, experimentId, traces, bytes);
      }
      changes.clear();
    },
    forget: () => changes.clear(),
  };
}

function keyOf(workspace: string, experimentId: bigint): string {
  return `${workspace}\n${experimentId}`;
}

/** What traces take, and what experiments hold (-1: the pending traces of a workspace), from what is stored already. */
export const SIZE_MIGRATION = `
  ALTER TABLE traces ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE experiment_sizes (
    workspace TEXT NOT NULL,
    experiment_id INTEGER NOT NULL,
    traces INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (workspace, experiment_id)
  ) WITHOUT ROWID;
  UPDATE traces SET bytes =
    coalesce((SELECT sum(length(bytes)) FROM chunks WHERE id IN (SELECT chunk FROM spans WHERE trace_ref = ref)), 0)
    + coalesce((SELECT length(bytes) FROM payloads WHERE trace_ref = ref), 0);
  INSERT INTO experiment_sizes
    SELECT workspace, coalesce(experiment_id, ${PENDING_ID}), count(*), sum(bytes) FROM traces WHERE start_ns > 0 GROUP BY 1, 2;
`;
