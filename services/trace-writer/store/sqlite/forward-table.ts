import type { DatabaseSync } from "node:sqlite";
import { integerIn, type Row } from "../columns.ts";
import type { ForwardWrites } from "../commit/tables.ts";
import type { Trimmed } from "../forward-queue.ts";

/** What waits to be forwarded, as a writer uses it. */
export interface ForwardTable extends ForwardWrites {
  /** Carries a removal out. */
  remove(removal: ForwardRemoval): Trimmed;
}

/** What is to be removed, as it goes to the writer's thread. */
export type ForwardRemoval =
  | { readonly kind: "items"; readonly seqs: readonly bigint[] }
  | { readonly kind: "all_but_newest"; readonly destination: string; readonly keep: number }
  | { readonly kind: "other_destinations"; readonly destinations: readonly string[] };

/** The table of what waits to be forwarded. */
export function openForwardTable(db: DatabaseSync): ForwardTable {
  const insert = db.prepare(`
    INSERT INTO forwards (destination, workspace, trace_id, chunk, without_mirrors, spans, added_ms)
    SELECT ?2, workspace, trace_id, ?3, ?4, ?5, ?6 FROM traces WHERE ref = ?1`);
  const removeItem = db.prepare("DELETE FROM forwards WHERE seq = ? RETURNING spans");
  const removeOld = db.prepare(`
    DELETE FROM forwards WHERE destination = ?1 AND seq <= (
      SELECT seq FROM forwards WHERE destination = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2
    ) RETURNING spans`);
  const removeOthers = db.prepare(
    "DELETE FROM forwards WHERE destination NOT IN (SELECT value FROM json_each(?)) RETURNING spans",
  );
  return {
    insert({ ref }, { destination, chunk, withoutMirrors, spans }, nowMs) {
      insert.run(ref, destination, chunk ?? null, withoutMirrors ? 1 : 0, spans, nowMs);
    },
    remove(removal) {
      switch (removal.kind) {
        case "items":
          return trimmedOf(removal.seqs.flatMap((seq) => removeItem.all(seq)));
        case "all_but_newest":
          return trimmedOf(removeOld.all(removal.destination, removal.keep));
        case "other_destinations":
          return trimmedOf(removeOthers.all(JSON.stringify(removal.destinations)));
      }
    },
  };
}

function trimmedOf(rows: readonly Row[]): Trimmed {
  return { items: rows.length, spans: rows.reduce((sum, row) => sum + Number(integerIn(row, "spans")), 0) };
}
