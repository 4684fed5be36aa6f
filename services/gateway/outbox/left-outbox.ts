import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { LeftTold } from "./drain-events.ts";

/** What every outbox has. */
const TABLES = ["alive", "note", "record"];

/**
 * Says what an outbox holds that a gateway has left behind, and changes nothing. Throws an Error for the operator when there
 * is none, when the file is something else, or when somebody uses it.
 */
export function leftToldOf(path: string): LeftTold {
  if (!existsSync(path)) throw new Error(`There is no outbox ${path}.`);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const tables = new Set(rows.map((row) => row["name"]));
    if (!TABLES.every((table) => tables.has(table))) throw new Error("it has other tables");
    return toldOf(database);
  } catch (cause) {
    throw errorOf(cause, path);
  } finally {
    database.close();
  }
}

function toldOf(database: DatabaseSync): LeftTold {
  const waiting = database
    .prepare("SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes, min(added_ms) AS oldest FROM record")
    .get();
  const oldest = waiting?.["oldest"];
  const figure = (sql: string) => Number(database.prepare(sql).get()?.["n"]);
  return {
    records: Number(waiting?.["n"]),
    bytes: Number(waiting?.["bytes"]),
    oldestMs: typeof oldest === "number" ? oldest : undefined,
    inFlight: figure("SELECT count(*) AS n FROM note"),
    lastAliveMs: figure("SELECT ms AS n FROM alive"),
  };
}

function errorOf(cause: unknown, path: string): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/locked|busy/i.test(reason)) {
    const message = `The outbox ${path} is in use: by a gateway, which delivers it by itself, or by another drain.`;
    return new Error(message, { cause });
  }
  return new Error(`${path} is no outbox of a gateway: ${reason}.`, { cause });
}
