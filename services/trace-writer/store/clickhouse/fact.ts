import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { NamedExperiment, SpanRow, StoredSpanRow } from "../../core/spans/span-row.ts";
import type { StoredClaim } from "../../core/traces/trace-claim.ts";
import type { TagEdits } from "../../core/traces/trace-tags.ts";
import { RowReader, RowWriter } from "./row-binary.ts";
import { readSpanRows, writeSpanRows } from "./span-codec.ts";
import type { TraceId } from "./trace-key.ts";

/** What a fact says. The order is that of the column `kind`, which counts from 1. */
export const FACT_KINDS = [
  "full",
  "mirror",
  "spans",
  "claim",
  "tags",
  "unlink",
  "deleted",
  "listing",
  "erasable",
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** Rows that are stored; of an agent's batch some may not be. */
type Rows<Row extends SpanRow> = readonly (Row | undefined)[];

/** What is said of a trace, of one kind. `Row` is {@link SpanRow} on the way in, and {@link StoredSpanRow} on the way out. */
export type FactContent<Row extends SpanRow = StoredSpanRow> =
  /** It is a full trace, and where its mirror is. */
  | {
      readonly kind: "full";
      readonly rows: Rows<Row>;
      readonly hash: string;
      readonly metadata: Readonly<Record<string, string>>;
      readonly mirror: TwinLink | undefined;
    }
  /** It holds the mirror of a full trace. The first row is the gateway span. */
  | { readonly kind: "mirror"; readonly rows: Rows<Row>; readonly full: TraceId }
  | { readonly kind: "spans"; readonly rows: Rows<Row> }
  | { readonly kind: "claim"; readonly claim: StoredClaim }
  | { readonly kind: "tags"; readonly edits: TagEdits }
  /** The other twin is gone, or was never let in. */
  | { readonly kind: "unlink"; readonly twin: TraceId }
  /** All that was said before is void. */
  | { readonly kind: "deleted" }
  /** Nothing, but for the place in a list that comes with it. */
  | { readonly kind: "listing" }
  /** What counts for nothing any more and may be removed: other facts, by id and version, and places in lists. */
  | { readonly kind: "erasable"; readonly facts: readonly FactName[]; readonly places: readonly ListPlace[] };

/** Where the other twin of a trace is, be it in another workspace; and of the call the mirror's gateway span and the start. */
export interface TwinLink extends TraceId {
  readonly spanId: string;
  readonly startNs: bigint;
}

/** Names a fact of a trace. */
export interface FactName {
  /** A digest of what it says, below 2^63: the same fact has the same id. */
  readonly id: bigint;
  readonly version: bigint;
}

/** Where a list has a trace. */
export interface ListPlace {
  /** {@link PENDING_ID}: among the pending traces. */
  readonly experimentId: bigint;
  readonly startNs: bigint;
}

/** The experiment of pending traces, in lists; and of facts that name none. */
export const PENDING_ID = -1n;

/** A fact of a trace, but for its bytes. */
export interface Fact extends FactName {
  readonly home: string;
  /** Where its writer lists the trace. Undefined: nowhere. */
  readonly listed: ListPlace | undefined;
  readonly content: FactContent;
  /** What its spans and payload take, uncompressed. */
  readonly storedBytes: bigint;
}

/** Packs a fact for the column `about`. */
export function packContent(content: FactContent<SpanRow>): Uint8Array {
  const writer = new RowWriter(1024);
  switch (content.kind) {
    case "full":
      writer.text(content.hash);
      writeEntries(writer, content.metadata);
      writer.optional(content.mirror, (mirror) => {
        writeTraceId(writer, mirror).id(mirror.spanId).int64(mirror.startNs);
      });
      writeSpanRows(writer, content.rows);
      break;
    case "mirror":
      writeTraceId(writer, content.full);
      writeSpanRows(writer, content.rows);
      break;
    case "spans":
      writeSpanRows(writer, content.rows);
      break;
    case "claim":
      writer.bytes(TraceClaim.encode(content.claim.claim).finish());
      break;
    case "tags":
      writeEntries(writer, content.edits);
      break;
    case "unlink":
      writeTraceId(writer, content.twin);
      break;
    case "erasable":
      writer.length(content.facts.length);
      for (const { id, version } of content.facts) writer.int64(id).uint64(version);
      writer.length(content.places.length);
      for (const { experimentId, startNs } of content.places) writer.int64(experimentId).int64(startNs);
      break;
    case "deleted":
    case "listing":
      break;
  }
  return writer.finish();
}

/** The inverse of {@link packContent}, with the experiment that was named with it. */
export function unpackContent(
  kind: FactKind,
  about: Uint8Array,
  experiment: NamedExperiment | undefined,
): FactContent | undefined {
  const reader = new RowReader(about);
  switch (kind) {
    case "full":
      return {
        kind,
        hash: reader.text(),
        metadata: textsIn(readEntries(reader)),
        mirror: reader.optional(() => ({ ...readTraceId(reader), spanId: reader.id(8), startNs: reader.int64() })),
        rows: readSpanRows(reader, experiment),
      };
    case "mirror":
      return { kind, full: readTraceId(reader), rows: readSpanRows(reader, experiment) };
    case "spans":
      return { kind, rows: readSpanRows(reader, experiment) };
    case "claim":
      return experiment && { kind, claim: { claim: TraceClaim.decode(reader.bytes()), experiment } };
    case "tags":
      return { kind, edits: Object.fromEntries(readEntries(reader)) };
    case "unlink":
      return { kind, twin: readTraceId(reader) };
    case "erasable":
      return {
        kind,
        facts: reader.list(() => ({ id: reader.int64(), version: reader.uint64() })),
        places: reader.list(() => ({ experimentId: reader.int64(), startNs: reader.int64() })),
      };
    case "deleted":
    case "listing":
      return { kind };
  }
}

function writeTraceId(writer: RowWriter, { workspace, traceId }: TraceId): RowWriter {
  return writer.text(workspace).id(traceId);
}

function readTraceId(reader: RowReader): TraceId {
  return { workspace: reader.text(), traceId: reader.id(16) };
}

function writeEntries(writer: RowWriter, entries: Readonly<Record<string, string | null>>): void {
  const pairs = Object.entries(entries);
  writer.length(pairs.length);
  for (const [key, value] of pairs) writer.text(key).optional(value ?? undefined, (text) => writer.text(text));
}

function readEntries(reader: RowReader): readonly (readonly [string, string | null])[] {
  return reader.list(() => [reader.text(), reader.optional(() => reader.text()) ?? null] as const);
}

function textsIn(entries: readonly (readonly [string, string | null])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}
