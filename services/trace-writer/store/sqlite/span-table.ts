import type { DatabaseSync } from "node:sqlite";
import { serialize } from "#lib/wire/serialize.ts";
import { StoredBatch } from "#proto/twinspan/store/v1/stored_batch.ts";
import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { createKnownTraces } from "../commit/known-traces.ts";
import type { BytesTable, SpanTable } from "../commit/tables.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import { type PlacedRow, storedSpanOf } from "../stored-rows.ts";
import { openBatchTable } from "./batch-table.ts";
import { openBlockReads } from "./block-reads.ts";
import { type BlockPlace, openBlockTable, type WaitingPiece } from "./block-table.ts";
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
  shownRowOf,
  storedIn,
} from "./held-spans.ts";
import { openStoredBatches } from "./stored-batches.ts";
import { storedPayloadOf } from "./stored-payload.ts";
import { type Previews, previewBytesOf } from "./stored-previews.ts";

/**
 * The spans of an open file, and their bytes. A transaction holds those of the traces that it works on in memory, and
 * stores what is new in few steps; those of traces that may grow are remembered beyond it.
 */
export interface SqliteSpanTable extends SpanTable, BytesTable {
  /** The first step of a transaction. */
  begin(): void;
  /** Notes that a trace is new: there is nothing to read. */
  isNew(traceRef: bigint): void;
  /** Stores what was handed over. */
  settle(): void;
  /** Where previews of a trace are, when all was stored. Undefined: they were not handed over with its spans. */
  previewsOf(traceRef: bigint, previews: Previews): BlockPlace | undefined;
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
  const table = openBatchTable(db);
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
  /** Returns what its spans and its previews took where they were stored. */
  const remove = (batch: HeldBatch): bigint => {
    letGoOf(batch.spans);
    letGoOf(batch.previews);
    if (batch.spans?.kind !== "stored") {
      added.delete(batch);
      return 0n;
    }
    table.remove(batch);
    return batch.spans.bytes + (batch.previews === undefined ? 0n : storedIn(batch.previews).bytes);
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
    chunksOf: table.countOf,
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
      for (const place of table.removeOfTrace(ref)) erasures.add(place);
      known.take(ref);
      held.set(ref, noSpans());
    },
    nextChunk() {
      batchId = (batchId ?? table.lastId()) + 1n;
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
      const shown = shownRowOf(batch);
      const previews = shown && previewBytesOf(shown);
      if (previews === undefined) return;
      batch.previews = wait(trace, { kind: "previews", owner }, previews, (stored) => {
        batch.previews = stored;
      });
    },
    storePayload(trace, bytes) {
      // A full trace has one batch.
      const [id] = spansOf(trace.ref).batches.keys();
      const batch = batchOf(trace.ref, id);
      const shown = shownRowOf(batch);
      const payload = shown === undefined ? bytes : storedPayloadOf(bytes, shown);
      batch.payload = wait(trace, { kind: "payload", owner: ownerOf(trace, batch) }, payload, (stored) => {
        batch.payload = stored;
      });
    },
    settle() {
      blocks.store();
      for (const [batch, { ref }] of added) table.insert(batch, ref);
      added.clear();
      for (const batch of lessened) table.setVoided(batch);
      lessened.clear();
    },
    previewsOf(ref, { requestPreview, responsePreview }) {
      if (requestPreview === "" && responsePreview === "") return undefined;
      for (const batch of spansOf(ref).batches.values()) {
        // Of spans that count no more the previews may be those that are stored.
        if (batch.previews === undefined || batch.voided.length > 0) continue;
        const shown = shownRowOf(batch);
        if (shown?.requestPreview === requestPreview && shown.responsePreview === responsePreview) {
          return storedIn(batch.previews).place;
        }
      }
      return undefined;
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
  const stored = storedSpanOf(placed);
  stored.experimentId = undefined;
  if (placed.row.origin === "full-gateway") Object.assign(stored, { requestPreview: "", responsePreview: "" });
  return stored;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
