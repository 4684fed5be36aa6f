import { mkdirSync, statfsSync } from "node:fs";
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
  notes(): readonly { readonly traceId: string; readonly note: string }[];
  addRecord(spans: Uint8Array, payload: Uint8Array, nowMs: number): void;
  removeRecord(seq: number): void;
  /** Puts a record behind all others. */
  moveToEnd(seq: number): void;
  /** The first records in order: at most `recordsMax`, and no more than `bytesMax` together, but always one. */
  firstRecords(recordsMax: number, bytesMax: number): readonly WaitingRecord[];
  /** How many records wait, and their bytes. Reads them all: for the start only. */
  waiting(): { readonly records: number; readonly bytes: number };
  /** When the oldest record came, in milliseconds since the Unix epoch. Undefined: none waits. */
  oldestMs(): number | undefined;
  /** The last moment at which this file's process is known to have lived, in milliseconds since the Unix epoch. */
  lastAliveMs(): number;
  markAlive(nowMs: number): void;
  /** How many bytes the file's disk has left for us. */
  freeBytes(): number;
  /** Gives the disk back some of what is not used, a step of at most 16 MiB. */
  giveBack(): void;
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
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path, { timeout: 0 });
    lock(database, durability);
    migrate(database);
    return createDatabase(database, dirname(path));
  } catch (cause) {
    database?.close();
    throw openErrorOf(cause, path);
  }
}

/** The one line that says why the file cannot be had, and what to do. */
function openErrorOf(cause: unknown, path: string): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/locked|busy/i.test(reason)) {
    const message = `The outbox ${path} is in use by another gateway process. Give each its own gateway.outbox.path.`;
    return new Error(message, { cause });
  }
  return new Error(`The outbox ${path} cannot be opened: ${reason}. Set another gateway.outbox.path, or mend it.`, {
    cause,
  });
}

function lock(database: DatabaseSync, durability: "process" | "power"): void {
  // Before anything is written: a file that has pages cannot change it any more.
  database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec(`PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`);
  database.exec("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
  // The first write takes the lock, and the locking mode keeps it.
  database.exec("BEGIN IMMEDIATE; COMMIT");
}

function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (version > VERSION) throw new Error(`it was written by a newer twinspan (version ${version})`);
  if (version === 0) database.exec(`BEGIN IMMEDIATE; ${TABLES} COMMIT`);
}

function createDatabase(database: DatabaseSync, directory: string): OutboxDatabase {
  const addNote = database.prepare("INSERT OR REPLACE INTO note VALUES (?, ?)");
  const removeNote = database.prepare("DELETE FROM note WHERE trace_id = ?");
  const notes = database.prepare("SELECT trace_id, note FROM note");
  const addRecord = database.prepare("INSERT INTO record (added_ms, bytes, spans, payload) VALUES (?, ?, ?, ?)");
  const removeRecord = database.prepare("DELETE FROM record WHERE seq = ?");
  const moveToEnd = database.prepare("UPDATE record SET seq = (SELECT max(seq) FROM record) + 1 WHERE seq = ?");
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
    notes: () => notes.all().map((row) => ({ traceId: String(row["trace_id"]), note: String(row["note"]) })),
    addRecord: (spans, payload, nowMs) => void addRecord.run(nowMs, spans.length + payload.length, spans, payload),
    removeRecord: (seq) => void removeRecord.run(seq),
    moveToEnd: (seq) => void moveToEnd.run(seq),
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
    freeBytes() {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    },
    giveBack: () => database.exec("PRAGMA incremental_vacuum(4096); PRAGMA wal_checkpoint(TRUNCATE)"),
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
