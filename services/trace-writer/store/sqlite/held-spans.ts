import type { NamedExperiment, SpanRow } from "../../core/spans/span-row.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import { type PlacedRow, placedRowOf } from "../stored-rows.ts";
import type { BlockReads } from "./block-reads.ts";
import type { BlockPlace, WaitingPiece } from "./block-table.ts";
import type { BatchOfTrace } from "./stored-batches.ts";
import { previewsIn } from "./stored-previews.ts";

/** The spans of a trace, as the writer holds them: by their ids, and in what they were stored together. */
export interface HeldSpans {
  readonly byId: Map<string, HeldSpan>;
  readonly batches: Map<bigint, HeldBatch>;
}

export interface HeldSpan extends PlacedRow {
  readonly batch: HeldBatch;
}

/** Spans that were stored together. */
export interface HeldBatch {
  readonly id: bigint;
  readonly experiment: NamedExperiment | undefined;
  /** Those that count, by their ids. */
  readonly rows: Map<string, PlacedRow>;
  /** The places of those that did count. */
  readonly voided: number[];
  /** Where their bytes are, or what of them waits to be stored. Undefined: they were not handed over yet. */
  spans: Held | undefined;
  /** Likewise of the payload of a full trace, and of what lists show of it. Undefined: there is none. */
  payload: Held | undefined;
  previews: Held | undefined;
}

/** Bytes that wait, or where they are, and what they take there. */
export type Held =
  | { readonly kind: "waiting"; readonly piece: WaitingPiece }
  | { readonly kind: "stored"; readonly place: BlockPlace; readonly bytes: bigint };

/** No spans yet. */
export function noSpans(): HeldSpans {
  return { byId: new Map(), batches: new Map() };
}

/** No spans stored together yet. */
export function newBatch(id: bigint, experiment: NamedExperiment | undefined): HeldBatch {
  return { id, experiment, rows: new Map(), voided: [], spans: undefined, payload: undefined, previews: undefined };
}

/** Holds a row. */
export function hold(spans: HeldSpans, batch: HeldBatch, placed: PlacedRow): void {
  spans.batches.set(batch.id, batch);
  batch.rows.set(placed.row.spanId, placed);
  spans.byId.set(placed.row.spanId, { ...placed, batch });
}

/** Holds what is stored of a trace. */
export function heldOf(batches: Iterable<BatchOfTrace>, blocks: BlockReads): HeldSpans {
  const spans = noSpans();
  // What these take is counted with the trace, and goes with it.
  const held = (place: BlockPlace | undefined): Held | undefined => place && { kind: "stored", place, bytes: 0n };
  for (const { id, experiment, rows, voided, place, storedBytes, payload, previews } of batches) {
    const batch: HeldBatch = {
      id,
      experiment,
      rows: new Map(),
      voided: [...voided],
      spans: { kind: "stored", place, bytes: storedBytes },
      payload: held(payload),
      previews: held(previews),
    };
    for (const stored of rows) {
      const { row, position } = placedRowOf(stored, () => undefined);
      const shown = row.origin === "full-gateway" && previews !== undefined ? previewsIn(blocks.piece(previews)) : {};
      hold(spans, batch, { row: { ...row, experiment, ...shown }, position });
    }
  }
  return spans;
}

/** Where bytes are that were to be stored by now. */
export function storedIn(held: Held | undefined): Extract<Held, { kind: "stored" }> {
  if (held?.kind !== "stored") throw new Error("bytes of spans were not handed over");
  return held;
}

/** Whether spans may still come to a trace: a full one does not change any more, but for its link. */
export function mayGrow({ byId }: HeldSpans): boolean {
  const [first] = byId.values();
  return first !== undefined && first.row.origin !== "full-gateway" && first.row.origin !== "full-attempt";
}

/** Whose a batch is: what was named with one experiment in one workspace repeats itself, and is mostly deleted together. */
export function ownerOf({ workspace }: Pick<WorkingTrace, "workspace">, { experiment }: HeldBatch): string {
  return `${workspace}\n${experiment?.id ?? ""}`;
}

/** The places of spans of a batch that count no more, as its column holds them. */
export function voidedText({ voided }: HeldBatch): string | null {
  return voided.length === 0 ? null : voided.join();
}

/** Of spans that were stored together the one whose previews are stored with them: the first that has any. */
export function shownRowOf({ rows }: Pick<HeldBatch, "rows">): SpanRow | undefined {
  for (const { row } of rows.values()) if (row.requestPreview !== "" || row.responsePreview !== "") return row;
  return undefined;
}
