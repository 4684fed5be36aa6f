import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ServiceError } from "#lib/service-error.ts";
import { WordReader } from "#lib/wire/word-reader.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";

/** How many spans, events and links an export may hold: each is about a kilobyte in memory, of two bytes on the wire. */
const SPANS_MAX = 100_000;
/** How many attributes, and values in lists, an export may hold. */
const VALUES_MAX = 1_000_000;
/** The decoder's own limit, which ends it. */
const DEPTH_MAX = 100;

/**
 * The export of a serialized ExportTraceServiceRequest. Throws `request_too_large` where it holds more than 100,000
 * spans, events and links, or a million attributes and values; something else where the bytes are no export.
 */
export function receiveExport(bytes: Uint8Array): ExportTraceServiceRequest {
  const left = { spans: SPANS_MAX, values: VALUES_MAX };
  count(new BinaryReader(bytes), bytes.length, EXPORT, left, 0);
  return ExportTraceServiceRequest.decode(new WordReader(bytes));
}

/** A message, as far as it must be known to count what is in it: what it counts as, and its fields that are messages. */
interface Shape {
  readonly counts?: keyof Left;
  readonly fields: { readonly [field: number]: Shape };
}

/** How many more there may be. */
interface Left {
  spans: number;
  values: number;
}

/** What a value may hold: a list of values (field 5), or of names and values (field 6). */
const IN_VALUE: { [field: number]: Shape } = {};
const VALUE: Shape = { counts: "values", fields: IN_VALUE };
const ATTRIBUTE: Shape = { counts: "values", fields: { 2: VALUE } };
IN_VALUE[5] = { fields: { 1: VALUE } };
IN_VALUE[6] = { fields: { 1: ATTRIBUTE } };
const ENTITY: Shape = { counts: "values", fields: {} };
const EVENT: Shape = { counts: "spans", fields: { 3: ATTRIBUTE } };
const LINK: Shape = { counts: "spans", fields: { 4: ATTRIBUTE } };
const SPAN: Shape = { counts: "spans", fields: { 9: ATTRIBUTE, 11: EVENT, 13: LINK } };
const SCOPE: Shape = { fields: { 3: ATTRIBUTE } };
const SCOPE_SPANS: Shape = { counts: "spans", fields: { 1: SCOPE, 2: SPAN } };
const RESOURCE: Shape = { fields: { 1: ATTRIBUTE, 3: ENTITY } };
const RESOURCE_SPANS: Shape = { counts: "spans", fields: { 1: RESOURCE, 2: SCOPE_SPANS } };
const EXPORT: Shape = { fields: { 1: RESOURCE_SPANS } };

/** Counts what is in a message that ends at `end`. Nothing is made of it: a cut or malformed one throws. */
function count(reader: BinaryReader, end: number, { counts, fields }: Shape, left: Left, depth: number): void {
  if (depth > DEPTH_MAX) throw new Error("nested too deep");
  if (counts !== undefined) {
    left[counts] -= 1;
    if (left[counts] < 0) throw tooMany();
  }
  while (reader.pos < end) {
    const [field, type] = reader.tag();
    const inner = type === WireType.LengthDelimited ? fields[field] : undefined;
    if (inner === undefined) {
      reader.skip(type, field);
    } else {
      const length = reader.uint32();
      count(reader, reader.pos + length, inner, left, depth + 1);
    }
  }
  if (reader.pos !== end) throw new Error("a field is longer than its message");
}

function tooMany(): ServiceError {
  return new ServiceError(
    "request_too_large",
    `The export holds more than ${SPANS_MAX} spans, events and links, or more than ${VALUES_MAX} attributes and values. Send smaller batches.`,
    { field: "resource_spans" },
  );
}
