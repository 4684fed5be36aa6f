import type { BytesPlace, BytesTable, SpanTable } from "../commit/tables.ts";
import type { PlacedRow } from "../stored-rows.ts";
import { dayOf } from "./days.ts";
import type { Held } from "./held.ts";
import type { HeldChanges } from "./held-changes.ts";
import { type HeldChunk, type HeldSpans, noSpans } from "./held-trace.ts";

/** The rows of spans, over what a commit holds. */
export function createHeldSpans(held: Held, { gone, emptied }: Pick<HeldChanges, "gone" | "emptied">): SpanTable {
  const spansOf = (ref: bigint): HeldSpans => {
    const spans = held.byRef.get(ref)?.spans;
    if (spans === undefined) throw new Error("the spans of a trace are asked for that were not read");
    return spans;
  };
  const put = (spans: HeldSpans, placed: PlacedRow, { chunk: id }: BytesPlace) => {
    const chunk = spans.chunks.get(id) ?? newChunk(id, dayOf(placed.row.startNs));
    spans.chunks.set(id, chunk);
    chunk.rows.set(placed.row.spanId, placed);
    spans.byId.set(placed.row.spanId, { ...placed, chunk });
  };
  return {
    rowsOf: (ref) => Array.from(spansOf(ref).byId.values(), ({ row }) => row),
    countOf: (ref) => spansOf(ref).byId.size,
    // Those of a trace that is removed were not read, and go with one statement.
    chunksOf: () => 0,
    find(ref, spanId) {
      const found = spansOf(ref).byId.get(spanId);
      return found && { row: found.row, chunk: found.chunk.id };
    },
    insert(ref, row, place) {
      const spans = spansOf(ref);
      if (spans.byId.has(row.spanId)) return false;
      put(spans, { row, position: place.position }, place);
      return true;
    },
    replace(ref, row, place, oldChunk) {
      const spans = spansOf(ref);
      const old = spans.chunks.get(oldChunk);
      old?.rows.delete(row.spanId);
      put(spans, { row, position: place.position }, place);
      if (old === undefined || old.rows.size > 0) {
        if (old !== undefined) old.changed = true;
        return 0n;
      }
      spans.chunks.delete(oldChunk);
      gone.push({ ref, chunk: old });
      return BigInt(old.bytes);
    },
    removeAll(ref) {
      const trace = held.byRef.get(ref);
      if (trace !== undefined) trace.spans = noSpans();
      if (trace !== undefined && trace.version > 0) emptied.push(trace);
    },
  };
}

/** The bytes, over what a commit holds. `packed` gives them as they are stored. */
export function createHeldBytes(held: Held, packed: (bytes: Uint8Array) => Uint8Array): BytesTable {
  const chunkOf = (ref: bigint, id: bigint | undefined): HeldChunk => {
    const chunk = id === undefined ? undefined : held.byRef.get(ref)?.spans?.chunks.get(id);
    if (chunk === undefined) throw new Error("bytes are stored for spans that are not there");
    return chunk;
  };
  return {
    nextChunk() {
      const id = held.chunkIds.pop();
      if (id === undefined) throw new Error("spans are stored that were not foreseen");
      return id;
    },
    storeChunk(trace, id, bytes) {
      const chunk = chunkOf(trace.ref, id);
      chunk.spans = packed(bytes);
      chunk.bytes = chunk.spans.length;
      trace.bytes += BigInt(chunk.bytes);
    },
    storePayload(trace, bytes) {
      // It is stored with the spans that it belongs to: a full trace has one chunk.
      const [id] = held.byRef.get(trace.ref)?.spans?.chunks.keys() ?? [];
      const chunk = chunkOf(trace.ref, id);
      chunk.payload = packed(bytes);
      trace.bytes += BigInt(chunk.payload.length);
    },
  };
}

function newChunk(id: bigint, day: number): HeldChunk {
  return { id, day, rows: new Map(), bytes: 0, spans: undefined, payload: undefined, changed: false };
}
