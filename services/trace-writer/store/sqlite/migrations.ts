import type { DatabaseSync } from "node:sqlite";
import { ASCENDING_MIGRATION } from "./ascending-migration.ts";
import { BATCH_MIGRATION, BATCHES_MOVED_MIGRATION } from "./batch-migration.ts";
import { CHANGED_HOURS_MIGRATION } from "./changed-hours.ts";
import { ERASURE_MIGRATION } from "./erasure-table.ts";
import { FORWARD_MIGRATION } from "./forward-migration.ts";
import { type Moving, moveIntoBatches } from "./move-into-batches.ts";
import { ROLLUP_MIGRATION } from "./rollup-table.ts";
import { SEARCH_MIGRATION } from "./search-migration.ts";
import { SIZE_MIGRATION } from "./size-table.ts";

/**
 * The schema, a version at a time, forward only. Never edit one that was released: add another.
 *
 * - Times are nanoseconds since the Unix epoch, ids are blobs, `ref` is a trace within this file.
 * - `traces` has what lists show, ready made (`info`, as `storedInfoOf` has it). What it is computed from, and the
 *   spans' bytes, are in `batches`, a row for the spans of a trace that arrived together; payloads are apart, so that
 *   lists never read them. The bytes of both are in `blocks`, packed with those of others.
 * - A trace's `start_ns` is 0 until it is summed up, within the commit that made it: so it enters one index, once.
 * - Random keys are in one narrow index each: large rows in a tree of random keys are four times slower.
 */
export const MIGRATIONS = [
  `
  CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (workspace, name)
  );
  CREATE TABLE traces (
    ref INTEGER PRIMARY KEY,
    workspace TEXT NOT NULL,
    trace_id BLOB NOT NULL,
    sealed INTEGER NOT NULL DEFAULT 0,
    metadata TEXT NOT NULL DEFAULT '{}',
    record_hash TEXT,
    experiment_id INTEGER,
    start_ns INTEGER NOT NULL DEFAULT 0,
    info BLOB NOT NULL DEFAULT x'',
    UNIQUE (workspace, trace_id)
  );
  CREATE INDEX traces_owned ON traces (experiment_id, start_ns DESC, trace_id) WHERE experiment_id IS NOT NULL;
  CREATE INDEX traces_pending ON traces (workspace, start_ns DESC, trace_id)
    WHERE experiment_id IS NULL AND start_ns > 0;
  CREATE TABLE spans (
    id INTEGER PRIMARY KEY,
    trace_ref INTEGER NOT NULL,
    span_id BLOB NOT NULL,
    parent_id BLOB,
    origin TEXT NOT NULL,
    experiment_id INTEGER,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    name TEXT NOT NULL,
    llm INTEGER NOT NULL,
    request_model TEXT,
    response_model TEXT,
    response_id TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    total_tokens INTEGER,
    cache_read_input_tokens INTEGER,
    cache_write_input_tokens INTEGER,
    reasoning_output_tokens INTEGER,
    input_nano_usd INTEGER,
    output_nano_usd INTEGER,
    total_nano_usd INTEGER,
    session TEXT,
    user TEXT,
    request_preview TEXT NOT NULL,
    response_preview TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    chunk INTEGER NOT NULL,
    position INTEGER NOT NULL,
    UNIQUE (trace_ref, span_id)
  );
  CREATE TABLE chunks (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE payloads (trace_ref INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  CREATE TABLE mirror_links (
    full_ref INTEGER PRIMARY KEY,
    mirror_ref INTEGER NOT NULL,
    span_id BLOB NOT NULL,
    start_ns INTEGER NOT NULL
  );
  CREATE INDEX mirror_links_back ON mirror_links (mirror_ref, start_ns, full_ref);
  INSERT INTO experiments (id, workspace, name, created_ms, updated_ms)
    VALUES (0, 'default', 'Default', unixepoch() * 1000, unixepoch() * 1000);
  `,
  `
  ALTER TABLE spans ADD COLUMN audio_input_tokens INTEGER;
  ALTER TABLE spans ADD COLUMN audio_output_tokens INTEGER;
  ALTER TABLE spans ADD COLUMN usage_estimated INTEGER;
  ALTER TABLE spans ADD COLUMN price_version TEXT;
  `,
  SEARCH_MIGRATION,
  // What an agent says of its trace as a whole (a serialized TraceClaim), and edits of tags: a JSON object, null:
  // removed.
  `
  ALTER TABLE traces ADD COLUMN claim BLOB;
  ALTER TABLE traces ADD COLUMN claim_experiment_id INTEGER;
  ALTER TABLE traces ADD COLUMN tag_edits TEXT;
  `,
  FORWARD_MIGRATION,
  // In which commit a trace was last changed, so that those that are new can be followed. Commits count up, deletions
  // or not.
  `
  CREATE TABLE commits (last INTEGER NOT NULL);
  INSERT INTO commits VALUES (0);
  ALTER TABLE traces ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX traces_changed ON traces (changed) WHERE changed > 0;
  `,
  SIZE_MIGRATION,
  CHANGED_HOURS_MIGRATION,
  // What is set for an experiment beside its name: a serialized StoredExperimentSettings.
  "ALTER TABLE experiments ADD COLUMN settings BLOB NOT NULL DEFAULT x''",
  ROLLUP_MIGRATION,
  BATCH_MIGRATION,
  BATCHES_MOVED_MIGRATION,
  ERASURE_MIGRATION,
  ASCENDING_MIGRATION,
  // From here on spans of the gateway may be stored as what is told of their call, which older versions cannot read.
  "SELECT 1",
] as const;

/** Up to here a file may have what must be moved before it goes on. */
const BEFORE_BATCHES = MIGRATIONS.indexOf(BATCHES_MOVED_MIGRATION);

/**
 * Brings a file's schema up to date, under the file's write lock. `onMoving` hears how far what takes long has come. A
 * file that a newer twinspan wrote is refused.
 */
export function migrate(db: DatabaseSync, path: string, onMoving: (moving: Moving) => void): void {
  if (upgrade(db, path, BEFORE_BATCHES) === BEFORE_BATCHES) moveIntoBatches(db, onMoving);
  upgrade(db, path, MIGRATIONS.length);
}

/** Brings the schema to a version, unless it is beyond it already. Returns the version that it has. */
function upgrade(db: DatabaseSync, path: string, wanted: number): number {
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
    if (version > MIGRATIONS.length) {
      throw new Error(
        `${path} has schema ${version}, written by a newer twinspan; this one knows ${MIGRATIONS.length}. Start the newer one, or name another file in traceWriter.store.sqlite.path.`,
      );
    }
    for (const migration of MIGRATIONS.slice(version, wanted)) db.exec(migration);
    if (version < wanted) db.exec(`PRAGMA user_version = ${wanted}`);
    db.exec("COMMIT");
    return Math.max(version, wanted);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
