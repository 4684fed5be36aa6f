import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "./migrations.ts";
import type { Moving } from "./move-into-batches.ts";

/** How long one waits for a lock that another process holds, in milliseconds. Then the write fails and may be retried. */
export const BUSY_MS = 5_000;
const PAGE_BYTES = 4096;
/** The write-ahead log is copied into the file when it has this many pages: seldom, since that is what writes wait for. */
const CHECKPOINT_PAGES = 20_000;

/**
 * Opens a file for writing: creates it, and its directory, when missing, and brings its schema up to date. A commit is
 * durable when it returns, power loss included (WAL, synchronous=FULL: some 10 % slower where commits are shared). What
 * is deleted is overwritten with zeros, and a file that is created here can give the room back (`eraseStep`).
 * `onMoving` hears how far an older file is moved.
 */
export function openForWriting(path: string, cacheBytes: number, onMoving: (moving: Moving) => void): DatabaseSync {
  const db = createFile(path);
  try {
    db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    db.exec("PRAGMA auto_vacuum = INCREMENTAL");
    db.exec("PRAGMA secure_delete = ON");
    db.exec("PRAGMA journal_mode = WAL");
    db.exec("PRAGMA synchronous = FULL");
    db.exec(`PRAGMA cache_size = -${Math.floor(cacheBytes / 1024)}`);
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.exec(`PRAGMA journal_size_limit = ${CHECKPOINT_PAGES * PAGE_BYTES}`);
    migrate(db, path, onMoving);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function createFile(path: string): DatabaseSync {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return new DatabaseSync(path, { timeout: BUSY_MS, readBigInts: true, enableForeignKeyConstraints: false });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `${path} cannot be opened for writing (${why}). Name a file that this process may write in traceWriter.store.sqlite.path.`,
      { cause },
    );
  }
}

/** Opens a file that is there for reading. A transaction on it sees one moment, whatever is being written. */
export function openForReading(path: string, cacheBytes: number): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS, readBigInts: true });
  db.exec(`PRAGMA cache_size = -${Math.floor(cacheBytes / 1024)}`);
  return db;
}
