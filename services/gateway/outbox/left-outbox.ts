import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { type OutboxDatabase, openOutboxDatabase } from "./database.ts";

/** What every outbox has. */
const TABLES = ["alive", "note", "record"];

/**
 * Opens an outbox that a gateway has left behind, and locks it. Throws an Error for the operator when there is none, when the
 * file is something else, which is then left as it is, or when somebody uses it.
 */
export function openLeftOutbox(path: string, durability: "process" | "power"): OutboxDatabase {
  if (!existsSync(path)) throw new Error(`There is no outbox ${path}.`);
  const tables = tablesIn(path);
  if (!TABLES.every((table) => tables.has(table))) throw new Error(`${path} is no outbox of a gateway.`);
  return openOutboxDatabase(path, durability);
}

function tablesIn(path: string): ReadonlySet<string> {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    const rows = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return new Set(rows.map((row) => String(row["name"])));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (/locked|busy/i.test(reason)) {
      const message = `The outbox ${path} is in use: by a gateway, which delivers it by itself, or by another drain.`;
      throw new Error(message, { cause });
    }
    throw new Error(`${path} is no outbox of a gateway: ${reason}.`, { cause });
  } finally {
    database.close();
  }
}
