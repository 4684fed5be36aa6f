import type { DatabaseSync } from "node:sqlite";
import { serialize } from "#lib/wire/serialize.ts";
import { StoredBatch } from "#proto/twinspan/store/v1/stored_batch.ts";
import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { integerIn } from "../columns.ts";
import { createKnownTraces } from "../commit/known-traces.ts";
import type { BytesTable, SpanTable } from "../commit/tables.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import { type PlacedRow, storedSpanOf } from "../stored-rows.ts";
import { openBlockReads } from "./block-reads.ts";
import { openBlockTable, type WaitingPiece } from "./block-table.ts";
import { openErasureTable } from "./erasure-table.ts";
import {
  type Held,
  type HeldBatch,
  type HeldSpans,
  heldOf,
  hold,
  mayGrow,
  newBatch,
  noSpans,
  ownerOf,
  storedIn,
  voidedText,
} from "./held-spans.ts";
import { openStoredBatches, placeIn } from "./stored-batches.ts";
import { previewBytesOf } from "./stored-previews.ts";

/**
 * The spans of an open file, and their bytes. A transaction holds those of the traces that it works on in memory, and stores
 * what is new in few steps; those of traces that may grow are remembered beyond it.
 */
export interface SqliteSpanTable extends SpanTable, BytesTable {
  /** The first step of a transaction. */
  begin(): void;
  /** Notes that a trace is new: there is nothing to read. */
  isNew(traceRef: bigint): void;
  /** Stores what was handed over. */
  settle(): void;
  /** The last step of a transaction. */
  end(): void;
  /** Experiments have other names: rows that bear the old ones are not remembered. */
  forgetNames(): void;
  /** Forgets what it took to be stored: a transaction was rolled back, or somebody else has written. */
  forget(): void;
}

/** The table of spans, of a file that is open for writing. */
export function openSpanTable(db: DatabaseSync): SqliteSpanTable {
  const blocks = openBlockTable(db);
  const erasures = openErasureTable(db);
  const reads = openBlockReads(db);
  const batchesOf = openStoredBatches(db, reads);
  const lastBatch = db.prepare("SELECT coalesce(max(id), 0) AS id FROM batches");
  const insert = db.prepare(`
    INSERT INTO batches (id, trace_ref, experiment_id, voided, stored_bytes, block, at, length,
      payload_block, payload_at, payload_length, previews_block, previews_at, previews_length)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const setVoided = db.prepare("UPDATE batches SET voided = ? WHERE id = ?");
  const removeBatch = db.prepare("DELETE FROM batches WHERE id = ?");
  const removeOfTrace = db.prepare("DELETE FROM batches WHERE trace_ref = ? RETURNING *");
  const count = db.prepare("SELECT count(*) AS batches FROM batches WHERE trace_ref = ?");
  const known = createKnownTraces<HeldSpans>(({ byId }) => byId.size);
  const held = new Map<bigint, HeldSpans>();
  /** What is to be inserted. */
  const added = new Map<HeldBatch, WorkingTrace>();
  /** Stored batches of which fewer spans count. */
  const lessened = new Set<HeldBatch>();
  let batchId: bigint | undefined;
  let remembers = true;

  const spansOf = (ref: bigint): HeldSpans => {
    const there = held.get(ref);
    if (there !== undefined) return there;
    const spans = known.take(ref) ?? heldOf(batchesOf(ref), reads);
    held.set(ref, spans);
    return spans;
  };
  const batchOf = (ref: bigint, id: bigint | undefined): HeldBatch => {
    const batch = id === undefined ? undefined : spansOf(ref).batches.get(id);
    if (batch === undefined) throw new Error("bytes are stored for spans that are not there");
    return batch;
  };
  /** Has bytes stored, or leaves it when it is taken back. */
  const wait = (
    trace: WorkingTrace,
    { kind, owner }: Pick<WaitingPiece, "kind" | "owner">,
    bytes: Uint8Array,
    onStored: (place: Extract<Held, { kind: "stored" }>) => void,
  ): Held => {
    const piece: WaitingPiece = {
      kind,
      owner,
      bytes,
      onStored(place, stored) {
        trace.bytes += stored;
        onStored({ kind: "stored", place, bytes: stored });
      },
    };
    blocks.add(piece);
    return { kind: "waiting", piece };
  };
  const letGoOf = (bytes: Held | undefined) => {
    if (bytes?.kind === "waiting") blocks.takeBack(bytes.piece);
    else if (bytes !== undefined) erasures.add(bytes.place);
  };
  /** Returns what its spans took where they were stored. */
  const remove = (batch: HeldBatch): bigint => {
    letGoOf(batch.spans);
    if (batch.spans?.kind !== "stored") {
      added.delete(batch);
      return 0n;
    }
    removeBatch.run(batch.id);
    return batch.spans.bytes;
  };
  const insertBatch = (batch: HeldBatch, { ref }: WorkingTrace) => {
    const spans = storedIn(batch.spans);
    const { block, at, length } = spans.place;
    const [payload, previews] = [batch.payload, batch.previews].map((held) => held && storedIn(held).place);
    insert.run(
      batch.id,
      ref,
      batch.experiment?.id ?? null,
      voidedText(batch),
      spans.bytes,
      block,
      at,
      length,
      payload?.block ?? null,
      payload?.at ?? null,
      payload?.length ?? null,
      previews?.block ?? null,
      previews?.at ?? null,
      previews?.length ?? null,
    );
  };

  return {
    begin() {
      batchId = undefined;
      remembers = true;
      blocks.begin();
    },
    isNew: (ref) => void held.set(ref, noSpans()),
    rowsOf: (ref) => Array.from(spansOf(ref).byId.values(), ({ row }) => row),
    countOf: (ref) => spansOf(ref).byId.size,
    chunksOf: (ref) => Number(integerIn(count.get(ref) ?? {}, "batches")),
    find(ref, spanId) {
      const found = spansOf(ref).byId.get(spanId);
      return found && { row: found.row, chunk: found.batch.id };
    },
    insert(ref, row, { chunk, position }) {
      const spans = spansOf(ref);
      if (spans.byId.has(row.spanId)) return false;
      hold(spans, spans.batches.get(chunk) ?? newBatch(chunk, row.experiment), { row, position });
      return true;
    },
    replace(ref, row, { chunk, position }, oldChunk) {
      const spans = spansOf(ref);
      const old = batchOf(ref, oldChunk);
      const before = old.rows.get(row.spanId);
      old.rows.delete(row.spanId);
      hold(spans, spans.batches.get(chunk) ?? newBatch(chunk, row.experiment), { row, position });
      if (old.rows.size > 0) {
        if (before !== undefined) old.voided.push(before.position);
        if (old.spans?.kind === "stored") lessened.add(old);
        return 0n;
      }
      spans.batches.delete(old.id);
      return remove(old);
    },
    removeAll(ref) {
      for (const batch of held.get(ref)?.batches.values() ?? []) {
        if (!added.delete(batch)) continue;
        for (const bytes of [batch.spans, batch.payload, batch.previews]) letGoOf(bytes);
      }
      for (const row of removeOfTrace.all(ref)) {
        for (const prefix of ["", "payload_", "previews_"] as const) {
          const place = placeIn(row, prefix);
          if (place !== undefined) erasures.add(place);
        }
      }
      known.take(ref);
      held.set(ref, noSpans());
    },
    nextChunk() {
      batchId = (batchId ?? integerIn(lastBatch.get() ?? {}, "id")) + 1n;
      return batchId;
    },
    storeChunk(trace, id, bytes) {
      const batch = batchOf(trace.ref, id);
      added.set(batch, trace);
      const rows = Array.from(batch.rows.values(), storedRowOf);
      const owner = ownerOf(trace, batch);
      const encoded = serialize(StoredBatch, { rows, spans: asBuffer(bytes) });
      batch.spans = wait(trace, { kind: "spans", owner }, encoded, (stored) => {
        batch.spans = stored;
      });
      const full = batch.rows.values().find(({ row }) => row.origin === "full-gateway");
      const previews = full && previewBytesOf(full.row);
      if (previews === undefined) return;
      batch.previews = wait(trace, { kind: "previews", owner }, previews, (stored) => {
        batch.previews = stored;
      });
    },
    storePayload(trace, bytes) {
      // A full trace has one batch.
      const [id] = spansOf(trace.ref).batches.keys();
      const batch = batchOf(trace.ref, id);
      batch.payload = wait(trace, { kind: "payload", owner: ownerOf(trace, batch) }, bytes, (stored) => {
        batch.payload = stored;
      });
    },
    settle() {
      blocks.store();
      for (const [batch, trace] of added) insertBatch(batch, trace);
      added.clear();
      for (const batch of lessened) setVoided.run(voidedText(batch), batch.id);
      lessened.clear();
    },
    end() {
      reads.letGo();
      for (const [ref, spans] of held) if (remembers && mayGrow(spans)) known.remember(ref, spans);
      held.clear();
    },
    forgetNames() {
      remembers = false;
      known.forget();
    },
    forget() {
      known.forget();
      held.clear();
      added.clear();
      lessened.clear();
      blocks.forget();
      reads.letGo();
    },
  };
}

/** The batch has the experiment; the previews of a full trace, whose payload is elsewhere, are read by lists. */
function storedRowOf(placed: PlacedRow): StoredSpan {
  const stored = { ...storedSpanOf(placed), experimentId: undefined };
  return placed.row.origin === "full-gateway" ? { ...stored, requestPreview: "", responsePreview: "" } : stored;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
