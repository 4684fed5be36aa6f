import type { NamedExperiment, StoredSpanRow } from "../../core/span-row.ts";
import { type PlacedRow, placedRowOf } from "../stored-rows.ts";
import type { BlockPlace, WaitingPiece } from "./block-table.ts";
import type { BatchOfTrace } from "./stored-batches.ts";

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
  /** Likewise of the payload of a full trace. Undefined: there is none. */
  payload: Held | undefined;
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
  return { id, experiment, rows: new Map(), voided: [], spans: undefined, payload: undefined };
}

/** Holds a row. */
export function hold(spans: HeldSpans, batch: HeldBatch, placed: PlacedRow): void {
  spans.batches.set(batch.id, batch);
  batch.rows.set(placed.row.spanId, placed);
  spans.byId.set(placed.row.spanId, { ...placed, batch });
}

/** Holds what is stored of a trace. `previews` are those of a full trace, whose payload is elsewhere. */
export function heldOf(
  batches: readonly BatchOfTrace[],
  previews: () => Pick<StoredSpanRow, "requestPreview" | "responsePreview">,
): HeldSpans {
  const spans = noSpans();
  for (const { id, experiment, rows, voided, place, storedBytes, payload } of batches) {
    const batch: HeldBatch = {
      id,
      experiment,
      rows: new Map(),
      voided: [...voided],
      spans: { kind: "stored", place, bytes: storedBytes },
      // What it takes is counted with the trace, and goes with it.
      payload: payload && { kind: "stored", place: payload, bytes: 0n },
    };
    for (const stored of rows) hold(spans, batch, placedIn(stored, experiment, previews));
  }
  return spans;
}

function placedIn(
  stored: BatchOfTrace["rows"][number],
  experiment: NamedExperiment | undefined,
  previews: () => Pick<StoredSpanRow, "requestPreview" | "responsePreview">,
): PlacedRow {
  const { row, position } = placedRowOf(stored, () => undefined);
  const named = { ...row, experiment };
  return { row: row.origin === "full-gateway" ? { ...named, ...previews() } : named, position };
}
