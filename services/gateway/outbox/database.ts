import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** A record that waits, as it goes over the wire. */
export interface WaitingRecord {
  /** Its place in the order. */
  readonly seq: number;
  readonly spans: Uint8Array;
  readonly payload: Uint8Array;
}

/** The outbox's file: notes of calls in flight, and records that wait for the trace-writer. */
export interface OutboxDatabase extends Disposable {
  /** Runs `work` in one transaction. When it throws, nothing of it stays. */
  transaction(work: () => void): void;
  /** Notes a call in flight. */
  addNote(traceId: string, note: string): void;
  removeNote(traceId: string): void;
  /** The notes of calls in flight, in any order. */
  notes(): readonly string[];
  addRecord(spans: Uint8Array, payload: Uint8Array, nowMs: number): void;
  removeRecord(seq: number): void;
  /** The first records in order: at most `recordsMax`, and no more than `bytesMax` together, but always one. */
  firstRecords(recordsMax: number, bytesMax: number): readonly WaitingRecord[];
  /** How many records wait, and their bytes. Reads them all: for the start only. */
  waiting(): { readonly records: number; readonly bytes: number };
  /** When the oldest record came, in milliseconds since the Unix epoch. Undefined: none waits. */
  oldestMs(): number | undefined;
  /** The last moment at which this file's process is known to have lived, in milliseconds since the Unix epoch. */
  lastAliveMs(): number;
  markAlive(nowMs: number): void;
}

/** The version of the tables. A file of a later one is refused. */
const VERSION = 1;

const TABLES = `
  CREATE TABLE note (trace_id TEXT PRIMARY KEY, note TEXT NOT NULL) STRICT;
  CREATE TABLE record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    added_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    spans BLOB NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;
  CREATE TABLE alive (id INTEGER PRIMARY KEY CHECK (id = 1), ms INTEGER NOT NULL) STRICT;
  INSERT INTO alive VALUES (1, 0);
  PRAGMA user_version = ${VERSION};
`;

/**
 * Opens the file, creates it when missing, and locks it for as long as this process lives: a sibling's calls in flight must
 * never be taken for calls that were interrupted. Throws an Error for the operator when another process has it.
 */
export function openOutboxDatabase(path: string, durability: "process" | "power"): OutboxDatabase {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    lock(database, durability);
    migrate(database, path);
  } catch (cause) {
    database.close();
    if (cause instanceof Error && /locked|busy/i.test(cause.message)) {
      const message = `The outbox ${path} is in use by another gateway process. Give each its own gateway.outbox.path.`;
      throw new Error(message, { cause });
    }
    throw cause;
  }
  return createDatabase(database);
}

function lock(database: DatabaseSync, durability: "process" | "power"): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec(`PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`);
  database.exec(
    "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864; PRAGMA auto_vacuum = INCREMENTAL",
  );
  // The first write takes the lock, and the locking mode keeps it.
  database.exec("BEGIN IMMEDIATE; COMMIT");
}

function migrate(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > VERSION) throw new Error(`The outbox ${path} was written by a newer twinspan (version ${version}).`);
  if (version === 0) database.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT`);
}

function createDatabase(database: DatabaseSync): OutboxDatabase {
  const addNote = database.prepare("INSERT OR REPLACE INTO note VALUES (?, ?)");
  const removeNote = database.prepare("DELETE FROM note WHERE trace_id = ?");
  const notes = database.prepare("SELECT note FROM note");
  const addRecord = database.prepare("INSERT INTO record (added_ms, bytes, spans, payload) VALUES (?, ?, ?, ?)");
  const removeRecord = database.prepare("DELETE FROM record WHERE seq = ?");
  const first = database.prepare("SELECT seq, bytes, spans, payload FROM record ORDER BY seq LIMIT ?");
  const waiting = database.prepare("SELECT count(*) AS records, coalesce(sum(bytes), 0) AS bytes FROM record");
  const oldest = database.prepare("SELECT added_ms FROM record ORDER BY seq LIMIT 1");
  const alive = database.prepare("SELECT ms FROM alive");
  const markAlive = database.prepare("UPDATE alive SET ms = ?");
  return {
    transaction(work) {
      database.exec("BEGIN IMMEDIATE");
      try {
        work();
        database.exec("COMMIT");
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    addNote: (traceId, note) => void addNote.run(traceId, note),
    removeNote: (traceId) => void removeNote.run(traceId),
    notes: () => notes.all().map((row) => String(row["note"])),
    addRecord: (spans, payload, nowMs) => void addRecord.run(nowMs, spans.length + payload.length, spans, payload),
    removeRecord: (seq) => void removeRecord.run(seq),
    firstRecords: (recordsMax, bytesMax) => firstRecords(first, recordsMax, bytesMax),
    waiting() {
      const row = waiting.get();
      return { records: Number(row?.["records"]), bytes: Number(row?.["bytes"]) };
    },
    oldestMs() {
      const row = oldest.get();
      return row === undefined ? undefined : Number(row["added_ms"]);
    },
    lastAliveMs: () => Number(alive.get()?.["ms"]),
    markAlive: (nowMs) => void markAlive.run(nowMs),
    [Symbol.dispose]: () => database.close(),
  };
}

function firstRecords(first: StatementSync, recordsMax: number, bytesMax: number): readonly WaitingRecord[] {
  const records: WaitingRecord[] = [];
  let bytes = 0;
  for (const row of first.iterate(recordsMax)) {
    const { seq, spans, payload } = row;
    bytes += Number(row["bytes"]);
    if (records.length > 0 && bytes > bytesMax) break;
    if (typeof seq !== "number" || !(spans instanceof Uint8Array) || !(payload instanceof Uint8Array)) {
      throw new TypeError("the outbox has a row that it did not write");
    }
    records.push({ seq, spans, payload });
  }
  return records;
}
