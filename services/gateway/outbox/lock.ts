import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Write } from "./block.ts";

/**
 * The lock of an outbox: SQLite's, on the file that `gateway.outbox.path` names. Nothing else is in that file, but where an
 * earlier version has left its records there. The system lets go of it when the process ends, however that does.
 */
export interface OutboxLock extends Disposable {
  /** What an earlier version has left. Undefined: nothing. */
  readonly earlier: EarlierOutbox | undefined;
}

/** What version 1 has left: it kept notes and records in tables. */
export interface EarlierOutbox {
  /** The notes of calls in flight. */
  readonly notes: readonly Uint8Array[];
  /** The last moment at which its process is known to have lived, in milliseconds since the Unix epoch. */
  readonly lastAliveMs: number;
  /** How many records wait, their bytes, and when the oldest came, in milliseconds since the Unix epoch. */
  waiting(): { readonly records: number; readonly bytes: number; readonly oldestMs: number | undefined };
  /** The records that wait, in their order; read as they are asked for. */
  records(): Iterable<Write>;
  /** Removes it all: it is kept elsewhere now. */
  remove(): void;
}

/** The version of the file. One of a later version is refused. */
const VERSION = 2;

/**
 * Locks an outbox for as long as this process lives, and creates its directory when missing: a sibling's calls in flight must
 * never be taken for calls that were interrupted. Throws an Error for the operator when another process has it, or it is none;
 * `errorOf` words it.
 */
export function lockOutbox(path: string, errorOf = lockErrorOf): OutboxLock {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    // The first write takes the lock, and the locking mode keeps it.
    database.exec("BEGIN IMMEDIATE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
    if (version > VERSION) throw new NewerOutboxError(version);
    if (version === 0) {
      const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() ?? {};
      if (tables !== 0) throw new Error("it has other tables");
      database.exec(`PRAGMA user_version = ${VERSION}`);
    }
    database.exec("COMMIT");
    const held = database;
    return {
      earlier: version === 1 ? earlierOutboxIn(held) : undefined,
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

function earlierOutboxIn(database: DatabaseSync): EarlierOutbox {
  const records = database.prepare("SELECT spans, payload FROM record ORDER BY seq");
  const waiting = database.prepare(
    "SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes, min(added_ms) AS oldest FROM record",
  );
  return {
    notes: database
      .prepare("SELECT note FROM note")
      .all()
      .map(({ note }) => Buffer.from(String(note))),
    lastAliveMs: Number(database.prepare("SELECT ms FROM alive").get()?.["ms"]),
    waiting() {
      const { count, bytes, oldest } = waiting.get() ?? {};
      return {
        records: Number(count),
        bytes: Number(bytes),
        oldestMs: typeof oldest === "number" ? oldest : undefined,
      };
    },
    *records() {
      for (const { spans, payload } of records.iterate()) {
        if (!(spans instanceof Uint8Array) || !(payload instanceof Uint8Array)) {
          throw new TypeError("the outbox has a row that it did not write");
        }
        yield { kind: "finish", traceId: NO_TRACE, spans, payload };
      }
    },
    remove() {
      database.exec(`
        BEGIN IMMEDIATE; DROP TABLE note; DROP TABLE record; DROP TABLE alive; PRAGMA user_version = ${VERSION}; COMMIT;
        VACUUM`);
    },
  };
}

/** Records of version 1 have no note to take the place of. */
const NO_TRACE = "0".repeat(32);
