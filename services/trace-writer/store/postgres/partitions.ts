import { textIn } from "../columns.ts";
import type { CommitDatabase, Connection } from "./database.ts";
import { dayOfMs } from "./days.ts";
import { codeOf } from "./failures.ts";
import { SCHEMA_LOCK } from "./migrations.ts";

/** The tables of days. */
export interface Partitions {
  /** Makes those of days that have none. Days of strange times stay without: they share one table. */
  ensure(days: Iterable<number>, nowMs: number): Promise<void>;
  /** Removes the tables of past days that are empty. False: some are read just now, and stay. */
  dropEmpty(nowMs: number): Promise<boolean>;
}

/** A day has a table of its own from so many days ago on, and up to so many days ahead: an agent's clock may say anything. */
const PAST_DAYS = 400;
const AHEAD_DAYS = 2;
/** Rows of a day stand in the table of strange times already. */
const CHECK_VIOLATION = "23514";
/** Another trace-writer has dropped it. */
const UNDEFINED_TABLE = "42P01";
const LOCK_NOT_AVAILABLE = "55P03";
/** Everybody waits while a table is dropped, and while that waits for who reads: no longer than this, in milliseconds. */
const LOCK_MS = 100;
const TABLE = /^chunks_d(\d+)$/;

/** The days' tables of a database. */
export function createPartitions(database: CommitDatabase): Partitions {
  const known = new Set<number>();
  const make = (days: readonly number[]) =>
    database.commit(async (connection) => {
      await connection.write("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
      for (const day of days) await makePartition(connection, day);
    });
  return {
    async ensure(days, nowMs) {
      const today = dayOfMs(nowMs);
      const isMissing = (day: number) => !known.has(day) && day >= today - PAST_DAYS && day <= today + AHEAD_DAYS;
      const missing = [today, today + 1, ...days].filter(isMissing);
      for (const day of new Set(missing.toSorted((a, b) => a - b))) {
        try {
          await make([day]);
        } catch (error) {
          if (codeOf(error) !== CHECK_VIOLATION) throw error;
        }
        known.add(day);
      }
    },
    async dropEmpty(nowMs) {
      const names = await database.commit(partitionsOf);
      let isDone = true;
      for (const name of names) {
        const day = Number(TABLE.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
        if (day >= dayOfMs(nowMs) - 1) continue;
        const outcome = await dropWhereEmpty(database, name);
        if (outcome === "dropped") known.delete(day);
        if (outcome === "read") isDone = false;
      }
      return isDone;
    },
  };
}

async function makePartition(connection: Connection, day: number): Promise<void> {
  const name = `chunks_d${day}`;
  const [found] = await connection.rows("SELECT to_regclass($1)::text AS name", [name]);
  if (found?.["name"] !== null) return;
  // Attached, not made in place: so nobody who writes other days waits.
  await connection.write(`CREATE TABLE ${name} (LIKE chunks INCLUDING ALL)`);
  await connection.write(`ALTER TABLE chunks ATTACH PARTITION ${name} FOR VALUES FROM (${day}) TO (${day + 1})`);
}

async function partitionsOf(connection: Connection): Promise<readonly string[]> {
  const rows = await connection.rows(
    "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'chunks'::regclass",
  );
  return rows.map((row) => textIn(row, "name"));
}

/** Whoever writes that day meanwhile makes the table again, or does without. */
async function dropWhereEmpty(database: CommitDatabase, name: string): Promise<"dropped" | "filled" | "read"> {
  const isFilled = async (connection: Connection) => {
    const [row] = await connection.rows(`SELECT EXISTS (SELECT 1 FROM ${name}) AS filled`);
    return row?.["filled"] !== false;
  };
  try {
    if (await database.commit(isFilled)) return "filled";
    return await database.commit(async (connection) => {
      await connection.write("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
      await connection.write(`SET LOCAL lock_timeout = ${LOCK_MS}`);
      await connection.write("LOCK TABLE chunks IN ACCESS EXCLUSIVE MODE");
      if (await isFilled(connection)) return "filled";
      await connection.write(`DROP TABLE ${name}`);
      return "dropped";
    });
  } catch (error) {
    if (codeOf(error) === UNDEFINED_TABLE) return "dropped";
    if (codeOf(error) === LOCK_NOT_AVAILABLE) return "read";
    throw error;
  }
}
