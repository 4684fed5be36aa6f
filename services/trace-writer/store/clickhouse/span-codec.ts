import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { NamedExperiment, SpanOrigin, SpanRow, StoredSpanRow } from "../../core/spans/span-row.ts";
import type { RowReader, RowWriter } from "./row-binary.ts";

/** What a row's place in the list of origins says who wrote it. Never reorder: it is stored. */
const ORIGINS = ["agent", "mirror-gateway", "mirror-attempt", "full-gateway", "full-attempt"] as const;

/** Writes the rows of a batch, in its order. Undefined: that one was not stored. */
export function writeSpanRows(writer: RowWriter, rows: readonly (SpanRow | undefined)[]): void {
  writer.length(rows.length);
  for (const row of rows) writer.optional(row, (stored) => writeSpanRow(writer, stored));
}

/** Reads what {@link writeSpanRows} wrote. All of a batch were named with one experiment, or none. */
export function readSpanRows(
  reader: RowReader,
  experiment: NamedExperiment | undefined,
): readonly (StoredSpanRow | undefined)[] {
  return reader.list(() => reader.optional(() => readSpanRow(reader, experiment)));
}

function writeSpanRow(writer: RowWriter, row: SpanRow): void {
  const text = (value: string) => writer.text(value);
  const integer = (value: bigint) => writer.int64(value);
  writer.id(row.spanId).optional(row.parentId, (parent) => writer.id(parent));
  writer.uint8(ORIGINS.indexOf(row.origin)).int64(row.startNs).int64(row.endNs);
  writer.uint8(row.failed ? 1 : 0).text(row.name);
  writer.uint8(row.llm ? 1 : 0);
  writer.optional(row.endpoint, text).optional(row.provider, text);
  writer.optional(row.requestModel, text).optional(row.responseModel, text).optional(row.responseId, text);
  writer.optional(row.usage, (usage) => {
    for (const field of USAGE_FIELDS) writer.optional(usage[field], integer);
    writer.uint8(usage.estimated === true ? 1 : 0);
  });
  writer.optional(row.cost, (cost) => {
    writer.int64(cost.inputNanoUsd).int64(cost.outputNanoUsd).int64(cost.totalNanoUsd);
    writer.optional(cost.priceVersion, text);
  });
  writer.optional(row.firstTokenNs, integer).optional(row.session, text).optional(row.user, text);
  writer.text(row.requestPreview).text(row.responsePreview).text(row.contentHash);
}

function readSpanRow(reader: RowReader, experiment: NamedExperiment | undefined): StoredSpanRow {
  const text = () => reader.text();
  const integer = () => reader.int64();
  // The fields are read in the order in which they are written here.
  return {
    spanId: reader.id(8),
    parentId: reader.optional(() => reader.id(8)),
    origin: originOf(reader.uint8()),
    startNs: reader.int64(),
    endNs: reader.int64(),
    failed: reader.uint8() === 1,
    name: reader.text(),
    llm: reader.uint8() === 1,
    endpoint: reader.optional(text),
    provider: reader.optional(text),
    requestModel: reader.optional(text),
    responseModel: reader.optional(text),
    responseId: reader.optional(text),
    usage: reader.optional(() => readUsage(reader)),
    cost: reader.optional(() => readCost(reader)),
    firstTokenNs: reader.optional(integer),
    session: reader.optional(text),
    user: reader.optional(text),
    requestPreview: reader.text(),
    responsePreview: reader.text(),
    contentHash: reader.text(),
    experiment,
  };
}

function originOf(place: number): SpanOrigin {
  const origin = ORIGINS[place];
  if (origin === undefined) throw new Error(`facts.about holds origin ${place}`);
  return origin;
}

function readUsage(reader: RowReader): Usage {
  const values = USAGE_FIELDS.map((field) => [field, reader.optional(() => reader.int64())] as const);
  const estimated = reader.uint8() === 1 ? { estimated: true } : {};
  return { ...Object.fromEntries(values), ...estimated };
}

function readCost(reader: RowReader): Cost {
  return {
    inputNanoUsd: reader.int64(),
    outputNanoUsd: reader.int64(),
    totalNanoUsd: reader.int64(),
    priceVersion: reader.optional(() => reader.text()),
  };
}
