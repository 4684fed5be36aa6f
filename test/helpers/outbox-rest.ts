import { DatabaseSync } from "node:sqlite";

/** What a gateway that is not running has left in its outbox: calls in flight, and records. */
export function outboxRest({ outboxPath }: { readonly outboxPath: string }): {
  readonly notes: number;
  readonly records: number;
} {
  const database = new DatabaseSync(outboxPath);
  try {
    const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
    return { notes: count("note"), records: count("record") };
  } finally {
    database.close();
  }
}
