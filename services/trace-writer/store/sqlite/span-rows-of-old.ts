import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { SpanOrigin, StoredSpanRow } from "../../core/spans/span-row.ts";
import { hexIn, integerIn, optionalIntegerIn, optionalTextIn, type Row, textIn } from "../columns.ts";

/** In the order of `USAGE_FIELDS`. */
const USAGE_COLUMNS = [
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "cache_read_input_tokens",
  "cache_write_input_tokens",
  "reasoning_output_tokens",
  "audio_input_tokens",
  "audio_output_tokens",
] as const;

/** A row of the table of spans that files had once, without its previews and its experiment. */
export function spanRowIn(row: Row): StoredSpanRow {
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
    experiment: undefined,
  };
}

function originIn(row: Row): SpanOrigin {
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

function usageIn(row: Row): StoredSpanRow["usage"] {
  const values = USAGE_COLUMNS.map((column) => optionalIntegerIn(row, column));
  if (values.every((value) => value === undefined)) return undefined;
  const estimated = row["usage_estimated"] === 1n ? { estimated: true } : {};
  return { ...Object.fromEntries(USAGE_FIELDS.map((field, index) => [field, values[index]])), ...estimated };
}

function costIn(row: Row): StoredSpanRow["cost"] {
  const totalNanoUsd = optionalIntegerIn(row, "total_nano_usd");
  if (totalNanoUsd === undefined) return undefined;
  return {
    inputNanoUsd: integerIn(row, "input_nano_usd"),
    outputNanoUsd: integerIn(row, "output_nano_usd"),
    totalNanoUsd,
    priceVersion: optionalTextIn(row, "price_version"),
  };
}
