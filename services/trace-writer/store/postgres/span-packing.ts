import { type StoredSpan, StoredSpans } from "#proto/twinspan/store/v1/stored_spans.ts";
import { unpack } from "../packing.ts";
import { type PlacedRow, storedSpanOf } from "../stored-rows.ts";
import { packLarge } from "./pack-large.ts";

/** The rows of spans that were stored together, as a column holds them. */
export function packRows(placed: Iterable<PlacedRow>): Uint8Array {
  return packLarge(StoredSpans.encode({ spans: Array.from(placed, storedSpanOf) }).finish());
}

/** The inverse of {@link packRows}: the rows as they are stored. */
export function storedSpansIn(bytes: Uint8Array): readonly StoredSpan[] {
  return StoredSpans.decode(unpack(bytes)).spans;
}
