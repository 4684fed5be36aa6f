import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EarlierOutbox } from "./earlier-outbox.ts";

/**
 * The lock of an outbox: SQLite's, on the file that `gateway.outbox.path` names. Nothing else is in that file, but
 * where an earlier version has left its records there. The system lets go of it when the process ends, however that
 * does.
 */
export interface OutboxLock extends Disposable {
  /** What an earlier version has left. Undefined: nothing. */
  readonly earlier: EarlierOutbox | undefined;
}

/** The version of the file. One of a later version is refused. */
const VERSION = 2;
/** SQLite's code for a disk that is full. */
const SQLITE_FULL = 13;

/**
 * Locks an outbox for as long as this process lives, and creates its directory when missing: a sibling's calls in
 * flight must never be taken for calls that were interrupted. Throws an Error for the operator when another process has
 * it, or it is none; `errorOf` words it.
 */
export function lockOutbox(path: string, errorOf = lockErrorOf): OutboxLock {
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(dirname(path));
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    // The first write takes the lock, and the locking mode keeps it.
    execOrHold(database, "BEGIN IMMEDIATE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > VERSION) throw new NewerOutboxError(version);
    if (version === 0) {
      const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() ?? {};
      if (tables !== 0) throw new Error("it has other tables");
      execOrHold(database, `PRAGMA user_version = ${VERSION}; COMMIT`);
    } else database.exec("COMMIT");
    const held = database;
    return {
      earlier: version === 1 ? new EarlierOutbox(held, VERSION) : undefined,
      [Symbol.dispose]: () => held.close(),
    };
  } catch (cause) {
    database?.close();
    throw errorOf(cause, path);
  }
}

/** The one line that says why the file cannot be had, and what to do. */
function lockErrorOf(cause: unknown, path: string): Error {
  if (cause instanceof NewerOutboxError) {
    const message = `The outbox ${path} ${cause.message}. Start the newer one, or name another file in gateway.outbox.path.`;
    return new Error(message, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/locked|busy/i.test(reason)) {
    const message = `The outbox ${path} is in use by another gateway process. Give each its own gateway.outbox.path.`;
    return new Error(message, { cause });
  }
  return new Error(`The outbox ${path} cannot be opened: ${reason}. Set another gateway.outbox.path, or mend it.`, {
    cause,
  });
}

/** The file may hold what this twinspan does not understand. */
class NewerOutboxError extends Error {
  override readonly name = "NewerOutboxError";

  constructor(version: number) {
    super(`has version ${version}, written by a newer twinspan; this one knows ${VERSION}`);
  }
}

/**
 * Does what a new file asks for. A disk that is full takes nothing of it, and must not keep a gateway from starting:
 * then a transaction that stays open holds the lock, without a byte on the disk.
 */
function execOrHold(database: DatabaseSync, statements: string): void {
  try {
    database.exec(statements);
  } catch (error) {
    const isFull = error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL;
    if (!isFull) throw error;
    if (database.isTransaction) database.exec("ROLLBACK");
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
  }
}

/** Makes it when missing, so that it outlives a loss of power. */
function makeDirectory(directory: string): void {
  const made = mkdirSync(directory, { recursive: true });
  if (made === undefined) return;
  for (let within = directory; ; within = dirname(within)) {
    const descriptor = openSync(dirname(within), "r");
    fsyncSync(descriptor);
    closeSync(descriptor);
    if (within === made || within === dirname(within)) return;
  }
}
