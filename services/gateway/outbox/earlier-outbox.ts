import type { DatabaseSync } from "node:sqlite";
import type { Write } from "./block.ts";

/** So many bytes of records are read at once. */
const BATCH_BYTES = 2 * 1024 * 1024;

/** Records that were read, in their order. */
export interface EarlierBatch {
  readonly records: readonly Write[];
  readonly bytes: number;
  /** The number of the last of them. */
  readonly lastSeq: number;
}

/** What waits in an outbox of version 1, and when the oldest of it came, in milliseconds since the Unix epoch. */
export interface EarlierWaiting {
  readonly records: number;
  readonly bytes: number;
  readonly oldestMs: number | undefined;
}

/**
 * What version 1 has left in the file that is the lock now: it kept notes and records in tables. What was moved is
 * removed from it piece by piece. Whatever it does throws where the file is damaged or the disk does not take it.
 */
export class EarlierOutbox {
  readonly #database: DatabaseSync;
  readonly #version: number;
  /** Records up to this number were moved, whether or not they could be removed. */
  #movedUpTo = 0;
  #isRemovalDue = false;

  /** `version`: that of a file in which nothing is left. */
  constructor(database: DatabaseSync, version: number) {
    this.#database = database;
    this.#version = version;
  }

  /** The records that wait. */
  get waiting(): EarlierWaiting {
    const { count, bytes, oldest } =
      this.#database
        .prepare(
          "SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes, min(added_ms) AS oldest FROM record WHERE seq > ?",
        )
        .get(this.#movedUpTo) ?? {};
    return {
      records: Number(count),
      bytes: Number(bytes),
      oldestMs: typeof oldest === "number" ? oldest : undefined,
    };
  }

  /** The notes of calls in flight. */
  get notes(): readonly Uint8Array[] {
    const notes = this.#database.prepare("SELECT note FROM note").all();
    return notes.map(({ note }) => Buffer.from(String(note)));
  }

  /** The last moment at which its process is known to have lived, in milliseconds since the Unix epoch. */
  get lastAliveMs(): number {
    return Number(this.#database.prepare("SELECT ms FROM alive").get()?.["ms"] ?? 0);
  }

  /** The next records that were not moved: a few at once, or one that is large. Undefined: all were. */
  nextBatch(): EarlierBatch | undefined {
    if (this.#isRemovalDue) this.#removeMoved();
    const rows = this.#database
      .prepare("SELECT seq, spans, payload FROM record WHERE seq > ? ORDER BY seq")
      .iterate(this.#movedUpTo);
    const records: Write[] = [];
    let bytes = 0;
    let lastSeq = 0;
    for (const { seq, spans: told, payload } of rows) {
      if (!(told instanceof Uint8Array) || !(payload instanceof Uint8Array)) {
        throw new TypeError("it has a row that no gateway wrote");
      }
      records.push({ kind: "finish", traceId: NO_TRACE, told, payload });
      bytes += told.length + payload.length;
      lastSeq = Number(seq);
      if (bytes >= BATCH_BYTES) break;
    }
    return records.length === 0 ? undefined : { records, bytes, lastSeq };
  }

  /** Removes records that are kept elsewhere now. Where it throws no others are given before they are removed. */
  removeBatch({ lastSeq }: EarlierBatch): void {
    this.#movedUpTo = lastSeq;
    this.#isRemovalDue = true;
    this.#removeMoved();
  }

  /** Removes what is left: it is kept elsewhere now. May be called again where it throws. */
  remove(): void {
    const database = this.#database;
    database.exec("DELETE FROM note; DELETE FROM record; VACUUM");
    try {
      database.exec(`
        BEGIN IMMEDIATE; DROP TABLE note; DROP TABLE record; DROP TABLE alive; PRAGMA user_version = ${this.#version}; COMMIT`);
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  #removeMoved(): void {
    this.#database.prepare("DELETE FROM record WHERE seq <= ?").run(this.#movedUpTo);
    this.#isRemovalDue = false;
  }
}

/** Records of version 1 have no note to take the place of. */
const NO_TRACE = "0".repeat(32);
