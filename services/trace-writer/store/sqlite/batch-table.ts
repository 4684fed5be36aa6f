import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "../columns.ts";
import type { BlockPlace } from "./block-table.ts";
import { type HeldBatch, storedIn, voidedText } from "./held-spans.ts";
import { placeIn } from "./stored-batches.ts";

/** Which spans were stored together, and where, as the writer keeps it. */
export interface BatchTable {
  /** The highest id that there is. */
  lastId(): bigint;
  /** How many a trace has. */
  countOf(traceRef: bigint): number;
  /** Stores one whose bytes are stored. */
  insert(batch: HeldBatch, traceRef: bigint): void;
  /** Stores which of its spans count no more. */
  setVoided(batch: HeldBatch): void;
  remove(batch: HeldBatch): void;
  /** Removes those of a trace. Returns where their bytes are. */
  removeOfTrace(traceRef: bigint): readonly BlockPlace[];
}

/** The table of batches of a file that is open for writing. */
export function openBatchTable(db: DatabaseSync): BatchTable {
  const last = db.prepare("SELECT coalesce(max(id), 0) AS id FROM batches");
  const count = db.prepare("SELECT count(*) AS batches FROM batches WHERE trace_ref = ?");
  const insert = db.prepare(`
    INSERT INTO batches (id, trace_ref, experiment_id, voided, stored_bytes, block, at, length,
      payload_block, payload_at, payload_length, previews_block, previews_at, previews_length)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const setVoided = db.prepare("UPDATE batches SET voided = ? WHERE id = ?");
  const remove = db.prepare("DELETE FROM batches WHERE id = ?");
  const removeOfTrace = db.prepare("DELETE FROM batches WHERE trace_ref = ? RETURNING *");
  return {
    lastId: () => integerIn(last.get() ?? {}, "id"),
    countOf: (traceRef) => Number(integerIn(count.get(traceRef) ?? {}, "batches")),
    insert(batch, traceRef) {
      const { place, bytes } = storedIn(batch.spans);
      const payload = batch.payload && storedIn(batch.payload).place;
      const previews = batch.previews && storedIn(batch.previews);
      insert.run(
        batch.id,
        traceRef,
        batch.experiment?.id ?? null,
        voidedText(batch),
        bytes + (previews?.bytes ?? 0n),
        place.block,
        place.at,
        place.length,
        payload?.block ?? null,
        payload?.at ?? null,
        payload?.length ?? null,
        previews?.place.block ?? null,
        previews?.place.at ?? null,
        previews?.place.length ?? null,
      );
    },
    setVoided: (batch) => void setVoided.run(voidedText(batch), batch.id),
    remove: ({ id }) => void remove.run(id),
    removeOfTrace: (traceRef) =>
      removeOfTrace
        .all(traceRef)
        .flatMap((row) => (["", "payload_", "previews_"] as const).flatMap((prefix) => placeIn(row, prefix) ?? [])),
  };
}
