import type { DatabaseSync } from "node:sqlite";
import { fullMetadataOf } from "#lib/spans/full-trace.ts";
import { StoredBatch } from "#proto/twinspan/store/v1/stored_batch.ts";
import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { NamedExperiment } from "../../core/spans/span-row.ts";
import type { SpanPlace } from "../../core/traces/trace-assembly.ts";
import { integerIn, optionalIntegerIn, optionalTextIn, type Row } from "../columns.ts";
import { originOf } from "../stored-rows.ts";
import type { BlockReads } from "./block-reads.ts";
import type { BlockPlace } from "./block-table.ts";

/** Spans of a trace that were stored together. */
export interface BatchOfTrace {
  readonly id: bigint;
  /** The experiment that was named with them. */
  readonly experiment: NamedExperiment | undefined;
  /** The rows of those that count. */
  readonly rows: readonly StoredSpan[];
  /** The places of those that did count. */
  readonly voided: readonly number[];
  /** As `SpanBatch` has them. They may hold spans that do not count. */
  readonly spans: Uint8Array;
  readonly place: BlockPlace;
  /** What its spans take as they are stored. */
  readonly storedBytes: bigint;
  /** Where the payload of a full trace is, and what lists show of it. Undefined: there is none. */
  readonly payload: BlockPlace | undefined;
  readonly previews: BlockPlace | undefined;
}

const SELECT = `
  SELECT batches.*, experiments.name AS experiment_name
  FROM batches LEFT JOIN experiments ON experiments.id = batches.experiment_id WHERE trace_ref = ? ORDER BY batches.id`;

/** Prepares reading the batches of a trace, one by one, in the order in which they were stored. */
export function openStoredBatches(
  db: DatabaseSync,
  blocks: BlockReads,
): (traceRef: bigint) => Generator<BatchOfTrace, void, void> {
  const ofTrace = db.prepare(SELECT);
  return function* (traceRef) {
    for (const found of ofTrace.iterate(traceRef)) {
      const place = spansPlaceIn(found);
      const { rows, spans } = StoredBatch.decode(blocks.piece(place));
      const voided = voidedIn(found);
      const gone = new Set(voided);
      yield {
        id: integerIn(found, "id"),
        experiment: experimentIn(found),
        rows: gone.size === 0 ? rows : rows.filter(({ position }) => !gone.has(position)),
        voided,
        spans,
        place,
        storedBytes: integerIn(found, "stored_bytes"),
        payload: placeIn(found, "payload_"),
        previews: placeIn(found, "previews_"),
      };
    }
  };
}

/** Where the spans that count are found: by start, then by span id. */
export function placesOf(batches: readonly BatchOfTrace[]): readonly SpanPlace[] {
  const rows = batches.flatMap(({ id, rows }) => rows.map((row) => ({ row, id, spanId: row.spanId.toString("hex") })));
  return rows
    .toSorted((a, b) => compare(a.row.startNs, b.row.startNs) || compare(a.spanId, b.spanId))
    .map(({ row, id, spanId }) => ({ spanId, origin: originOf(row), chunk: id, position: row.position }));
}

/** What the record of a full trace says of it, from the bytes of its spans. */
export function recordMetadataIn(spans: Uint8Array): Readonly<Record<string, string>> {
  const { full, call, fullTwin } = InvocationRecord.decode(spans);
  return call !== undefined && fullTwin !== undefined ? fullMetadataOf(call, fullTwin) : (full?.metadata ?? {});
}

/** Where the spans of a row of `batches` are. */
function spansPlaceIn(row: Row): BlockPlace {
  const place = placeIn(row, "");
  if (place === undefined) throw new Error("a batch has no place");
  return place;
}

/** Where else there is something of a row of `batches`. Undefined: there is nothing. */
export function placeIn(row: Row, prefix: "" | "payload_" | "previews_"): BlockPlace | undefined {
  const block = optionalIntegerIn(row, `${prefix}block`);
  if (block === undefined) return undefined;
  return { block, at: Number(integerIn(row, `${prefix}at`)), length: Number(integerIn(row, `${prefix}length`)) };
}

function voidedIn(row: Row): readonly number[] {
  const list = optionalTextIn(row, "voided");
  return list === undefined ? [] : list.split(",").map(Number);
}

function experimentIn(row: Row): NamedExperiment | undefined {
  const id = optionalIntegerIn(row, "experiment_id");
  const name = optionalTextIn(row, "experiment_name");
  return id === undefined || name === undefined ? undefined : { id, name };
}

function compare<Value extends bigint | string>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
