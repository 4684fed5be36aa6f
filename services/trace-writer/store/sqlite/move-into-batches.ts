import type { DatabaseSync } from "node:sqlite";
import { StoredBatch } from "#proto/twinspan/store/v1/stored_batch.ts";
import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { spanRowOf } from "../../core/spans/span-batch.ts";
import { storedSpansOf } from "../../core/traces/stored-spans.ts";
import { bytesIn, integerIn, optionalIntegerIn, type Row, textIn } from "../columns.ts";
import { unpack } from "../packing.ts";
import { type PlacedRow, storedSpanOf } from "../stored-rows.ts";
import { type BlockPlace, openBlockTable, type PieceKind } from "./block-table.ts";
import { spanRowIn } from "./span-rows-of-old.ts";
import { previewBytesOf } from "./stored-previews.ts";

/** So many traces are moved in one transaction, or fewer: what they have in memory is no more than this, and one trace. */
const MOVED_TOGETHER = 500;
const MOVED_BYTES_MAX = 32 * 1024 * 1024;

/** How far a file is moved: it is told at the beginning, then every some seconds. */
export interface Moving {
  /** How many traces were moved since the file was opened, of how many that there are. */
  readonly moved: number;
  readonly traces: number;
}

const TOLD_EVERY_MS = 5_000;

/**
 * Moves what older versions kept in `spans`, `chunks` and `payloads` into batches, in several transactions: one that
 * was interrupted goes on where it was. It takes some minutes for a million traces.
 */
export function moveIntoBatches(db: DatabaseSync, onMoving: (moving: Moving) => void): void {
  const traces = Number(integerIn(db.prepare("SELECT count(*) AS traces FROM traces").get() ?? {}, "traces"));
  let moved = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  const areThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'spans'");
  const refs = db.prepare(`SELECT DISTINCT trace_ref FROM spans ORDER BY trace_ref LIMIT ${MOVED_TOGETHER}`);
  const move = openMove(db);
  for (let left = true; left; ) {
    if (traces > 0 && performance.now() - toldMs >= TOLD_EVERY_MS) {
      toldMs = performance.now();
      onMoving({ moved, traces });
    }
    db.exec("BEGIN IMMEDIATE");
    try {
      // Another process may have come to the end.
      const found = areThere.get() === undefined ? [] : refs.all().map((row) => integerIn(row, "trace_ref"));
      moved += move(found);
      left = found.length > 0;
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Where bytes are, once all are stored. */
interface Moved {
  place?: BlockPlace;
  bytes: bigint;
}

interface MovedBatch {
  readonly id: bigint;
  readonly experiment: bigint | null;
  /** Its spans, and of a full trace its payload and what lists show of it. */
  readonly parts: readonly [Moved, Moved | undefined, Moved | undefined];
}

/** Moves the first of them, at least one. Returns how many. */
function openMove(db: DatabaseSync): (refs: readonly bigint[]) => number {
  const trace = db.prepare("SELECT workspace, sealed, info FROM traces WHERE ref = ?");
  const spans = db.prepare("SELECT * FROM spans WHERE trace_ref = ? ORDER BY chunk, position");
  const chunk = db.prepare("SELECT bytes FROM chunks WHERE id = ?");
  const payload = db.prepare("SELECT bytes FROM payloads WHERE trace_ref = ?");
  const insert = db.prepare(`
    INSERT INTO batches (id, trace_ref, experiment_id, stored_bytes, block, at, length, payload_block, payload_at,
      payload_length, previews_block, previews_at, previews_length) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const setBytes = db.prepare("UPDATE traces SET bytes = ? WHERE ref = ?");
  const removals = [
    "DELETE FROM chunks WHERE id IN (SELECT chunk FROM spans WHERE trace_ref = ?)",
    "DELETE FROM payloads WHERE trace_ref = ?",
    "DELETE FROM spans WHERE trace_ref = ?",
  ].map((sql) => db.prepare(sql));
  const blocks = openBlockTable(db);
  let waitingBytes = 0;
  const put = (kind: PieceKind, owner: string, bytes: Uint8Array): Moved => {
    const moved: Moved = { bytes: 0n };
    waitingBytes += bytes.length;
    blocks.add({
      kind,
      owner,
      bytes,
      onStored: (place, stored) => void Object.assign(moved, { place, bytes: stored }),
    });
    return moved;
  };
  const insertBatch = (ref: bigint, { id, experiment, parts }: MovedBatch) => {
    const places = parts.flatMap((part) => [
      part?.place?.block ?? null,
      part?.place?.at ?? null,
      part?.place?.length ?? null,
    ]);
    insert.run(id, ref, experiment, parts[0].bytes, ...places);
  };
  /** Hands the bytes of a trace over. Returns what is left to do once they are stored. */
  const moveTrace = (ref: bigint): (() => void) => {
    const found = trace.get(ref) ?? {};
    const workspace = textIn(found, "workspace");
    const payloadRow = payload.get(ref);
    const isFull = integerIn(found, "sealed") === 1n;
    const batches = Array.from(
      Map.groupBy(spans.all(ref), (row) => integerIn(row, "chunk")),
      ([id, rows]): MovedBatch => {
        const experiment = optionalIntegerIn(rows[0] ?? {}, "experiment_id") ?? null;
        const owner = `${workspace}\n${experiment ?? ""}`;
        const bytes = unpack(bytesIn(chunk.get(id) ?? {}, "bytes"));
        const moved = put("spans", owner, batchBytesOf(rows, bytes));
        // A full trace has one batch.
        const movedPayload = payloadRow && put("payload", owner, unpack(bytesIn(payloadRow, "bytes")));
        const previews = isFull ? previewBytesOf(TraceInfo.decode(unpack(bytesIn(found, "info")))) : undefined;
        return { id, experiment, parts: [moved, movedPayload, previews && put("previews", owner, previews)] };
      },
    );
    return () => {
      for (const batch of batches) insertBatch(ref, batch);
      const bytes = batches.flatMap(({ parts }) => parts).reduce((sum, part) => sum + (part?.bytes ?? 0n), 0n);
      setBytes.run(bytes, ref);
      for (const removal of removals) removal.run(ref);
    };
  };
  return (refs) => {
    blocks.begin();
    waitingBytes = 0;
    const moved: (() => void)[] = [];
    for (const ref of refs) {
      moved.push(moveTrace(ref));
      if (waitingBytes > MOVED_BYTES_MAX) break;
    }
    blocks.store();
    for (const finish of moved) finish();
    return moved.length;
  };
}

/** Rows of one chunk, with its bytes. */
function batchBytesOf(rows: readonly Row[], bytes: Uint8Array): Uint8Array {
  const placed = rows.map((row): PlacedRow => ({ row: spanRowIn(row), position: Number(integerIn(row, "position")) }));
  const [first] = placed;
  const spans = first?.row.origin === "agent" ? storedSpansOf(bytes, "agent") : [];
  return StoredBatch.encode({
    rows: placed.map(({ row, position }) =>
      storedSpanOf({ row: { ...row, ...previewsOf(spans[position]) }, position }),
    ),
    spans: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  }).finish();
}

/** The previews of an agent's span, which stand nowhere but in its bytes. */
function previewsOf(found: ReturnType<typeof storedSpansOf>[number] | undefined) {
  if (found === undefined) return {};
  const { requestPreview, responsePreview } = spanRowOf(found.span, "agent", "");
  return { requestPreview, responsePreview };
}
