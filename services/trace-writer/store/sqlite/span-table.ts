import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { SpanOrigin, StoredSpanRow } from "../../core/span-row.ts";
import { hexIn, idBytes, integerIn, optionalIntegerIn, optionalTextIn, type Row, textIn } from "../columns.ts";
import type { BytesPlace, SpanTable } from "../commit/tables.ts";
import { openSpanPreviews } from "./span-previews.ts";

/** What a row has in the columns of a usage and a cost. */
export const TOTALS = [
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "cache_read_input_tokens",
  "cache_write_input_tokens",
  "reasoning_output_tokens",
  "audio_input_tokens",
  "audio_output_tokens",
  "usage_estimated",
  "input_nano_usd",
  "output_nano_usd",
  "total_nano_usd",
  "price_version",
] as const;

const COLUMNS = [
  "trace_ref",
  "span_id",
  "parent_id",
  "origin",
  "experiment_id",
  "start_ns",
  "end_ns",
  "failed",
  "name",
  "llm",
  "endpoint",
  "provider",
  "request_model",
  "response_model",
  "response_id",
  ...TOTALS,
  "first_token_ns",
  "session",
  "user",
  "request_preview",
  "response_preview",
  "content_hash",
  "chunk",
  "position",
] as const;

/** What {@link spanRowIn} reads. */
export const SELECT_SPANS = `
  SELECT spans.*, experiments.name AS experiment_name
  FROM spans LEFT JOIN experiments ON experiments.id = spans.experiment_id`;
const INSERT = `INSERT INTO spans (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`;

/** The table of spans of an open file. */
export function openSpanTable(db: DatabaseSync): SpanTable {
  const ofTrace = db.prepare(`${SELECT_SPANS} WHERE trace_ref = ?`);
  const ofId = db.prepare(`${SELECT_SPANS} WHERE trace_ref = ? AND span_id = ?`);
  const count = db.prepare("SELECT count(*) AS spans FROM spans WHERE trace_ref = ?");
  const insert = db.prepare(`${INSERT} ON CONFLICT DO NOTHING`);
  const remove = db.prepare("DELETE FROM spans WHERE trace_ref = ? AND span_id = ?");
  const usesOfChunk = db.prepare("SELECT count(*) AS uses FROM spans WHERE trace_ref = ? AND chunk = ?");
  const removeChunk = db.prepare("DELETE FROM chunks WHERE id = ? RETURNING length(bytes) AS bytes");
  const removeChunks = db.prepare(
    "DELETE FROM chunks WHERE id IN (SELECT DISTINCT chunk FROM spans WHERE trace_ref = ?)",
  );
  const removeRows = db.prepare("DELETE FROM spans WHERE trace_ref = ?");
  const previewsOf = openSpanPreviews(db);
  return {
    rowsOf: (traceRef) =>
      ofTrace.all(traceRef).map((found) => {
        const row = spanRowIn(found);
        return { ...row, ...previewsOf(traceRef, row, found) };
      }),
    countOf: (traceRef) => Number(integerIn(count.get(traceRef) ?? {}, "spans")),
    find(traceRef, spanId) {
      const found = ofId.get(traceRef, idBytes(spanId));
      return found && { row: spanRowIn(found), chunk: integerIn(found, "chunk") };
    },
    insert: (...row) => Number(insert.run(...valuesOf(...row)).changes) === 1,
    replace(traceRef, row, place, oldChunk) {
      remove.run(traceRef, idBytes(row.spanId));
      insert.run(...valuesOf(traceRef, row, place));
      const uses = usesOfChunk.get(traceRef, oldChunk);
      if (uses === undefined || integerIn(uses, "uses") > 0n) return 0n;
      return integerIn(removeChunk.get(oldChunk) ?? {}, "bytes");
    },
    removeAll(traceRef) {
      removeChunks.run(traceRef);
      return Number(removeRows.run(traceRef).changes);
    },
  };
}

function valuesOf(traceRef: bigint, row: StoredSpanRow, { chunk, position }: BytesPlace): SQLInputValue[] {
  const { usage, cost } = row;
  return [
    traceRef,
    idBytes(row.spanId),
    row.parentId === undefined ? null : idBytes(row.parentId),
    row.origin,
    row.experiment?.id ?? null,
    row.startNs,
    row.endNs,
    row.failed ? 1 : 0,
    row.name,
    row.llm ? 1 : 0,
    row.endpoint ?? null,
    row.provider ?? null,
    row.requestModel ?? null,
    row.responseModel ?? null,
    row.responseId ?? null,
    ...USAGE_FIELDS.map((field) => usage?.[field] ?? null),
    usage?.estimated ? 1 : null,
    cost?.inputNanoUsd ?? null,
    cost?.outputNanoUsd ?? null,
    cost?.totalNanoUsd ?? null,
    cost?.priceVersion ?? null,
    row.firstTokenNs ?? null,
    row.session ?? null,
    row.user ?? null,
    // The previews are read from the span's bytes.
    "",
    "",
    row.contentHash,
    chunk,
    position,
  ];
}

/** A row of a span, without its previews. */
export function spanRowIn(row: Row): StoredSpanRow {
  const experimentId = optionalIntegerIn(row, "experiment_id");
  const experimentName = optionalTextIn(row, "experiment_name");
  return {
    spanId: hexIn(row, "span_id"),
    parentId: row["parent_id"] === null ? undefined : hexIn(row, "parent_id"),
    origin: originIn(row),
    startNs: integerIn(row, "start_ns"),
    endNs: integerIn(row, "end_ns"),
    failed: integerIn(row, "failed") === 1n,
    name: textIn(row, "name"),
    llm: integerIn(row, "llm") === 1n,
    endpoint: optionalTextIn(row, "endpoint"),
    provider: optionalTextIn(row, "provider"),
    requestModel: optionalTextIn(row, "request_model"),
    responseModel: optionalTextIn(row, "response_model"),
    responseId: optionalTextIn(row, "response_id"),
    usage: usageIn(row),
    cost: costIn(row),
    firstTokenNs: optionalIntegerIn(row, "first_token_ns"),
    session: optionalTextIn(row, "session"),
    user: optionalTextIn(row, "user"),
    requestPreview: "",
    responsePreview: "",
    contentHash: textIn(row, "content_hash"),
    experiment:
      experimentId === undefined || experimentName === undefined
        ? undefined
        : { id: experimentId, name: experimentName },
  };
}

/** Who wrote the span of a row. */
export function originIn(row: Row): SpanOrigin {
  const origin = textIn(row, "origin");
  switch (origin) {
    case "agent":
    case "mirror-gateway":
    case "mirror-attempt":
    case "full-gateway":
    case "full-attempt":
      return origin;
    default:
      throw new Error(`spans.origin holds ${origin}`);
  }
}

/** The usage of a row that has the columns of {@link TOTALS}. */
export function usageIn(row: Row): StoredSpanRow["usage"] {
  const values = TOTALS.slice(0, USAGE_FIELDS.length).map((column) => optionalIntegerIn(row, column));
  if (values.every((value) => value === undefined)) return undefined;
  const estimated = row["usage_estimated"] === 1n ? { estimated: true } : {};
  return { ...Object.fromEntries(USAGE_FIELDS.map((field, index) => [field, values[index]])), ...estimated };
}

/** Likewise its cost. */
export function costIn(row: Row): StoredSpanRow["cost"] {
  const totalNanoUsd = optionalIntegerIn(row, "total_nano_usd");
  if (totalNanoUsd === undefined) return undefined;
  return {
    inputNanoUsd: integerIn(row, "input_nano_usd"),
    outputNanoUsd: integerIn(row, "output_nano_usd"),
    totalNanoUsd,
    priceVersion: optionalTextIn(row, "price_version"),
  };
}
