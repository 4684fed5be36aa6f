import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { StoredSize } from "../../core/retention/retention.ts";
import type { SpanRow } from "../../core/spans/span-row.ts";
import type { TraceSummary } from "../../core/traces/trace-summary.ts";
import type { Connection, QuerySettings } from "./connection.ts";
import { type ListPlace, PENDING_ID } from "./fact.ts";
import { RowWriter } from "./row-binary.ts";
import { writeSpanRows } from "./span-codec.ts";
import type { TraceId } from "./trace-key.ts";

/** What lists show of a trace, at its place. */
export interface Listing extends TraceId {
  readonly home: string;
  readonly version: bigint;
  readonly summary: TraceSummary;
  readonly sealed: boolean;
  readonly storedBytes: bigint;
  /** Of a full trace: its spans, for the totals. Empty: it is none. */
  readonly calls: readonly SpanRow[];
}

/** That lists have a trace at a place no more. */
export interface Delisting extends TraceId {
  readonly home: string;
  readonly version: bigint;
  readonly place: ListPlace;
}

/** A trace at its place, as retention looks at it. */
export interface OldTrace {
  readonly traceId: string;
  readonly startNs: bigint;
  readonly bytes: bigint;
}

/** What experiments hold. */
export interface ExperimentSize extends StoredSize {
  /** When something last came in, in milliseconds since the Unix epoch. */
  readonly changedMs: bigint;
}

/** The lists of traces, ready made. Every read sees each trace once, as it was last listed. */
export interface ListingTable {
  /** Lists traces, and takes them off the places where they were, all at once. */
  publish(listings: readonly Listing[], delistings: readonly Delisting[]): Promise<void>;
  /** The traces at a place in an experiment, or of the pending ones, the oldest first, up to `startNsMax`. */
  oldest(workspace: string, experimentId: bigint, startNsMax: bigint | undefined, limit: number): Promise<OldTrace[]>;
  /** What experiments of a workspace hold, by id. Those that hold nothing are left out. */
  sizes(workspace: string, experimentIds: readonly bigint[]): Promise<ReadonlyMap<bigint, ExperimentSize>>;
  /** How many pending traces there are, of all workspaces, that ended before a moment; at most `max` are counted. */
  countPending(endedBeforeNs: bigint | undefined, max: number): Promise<number>;
  /** The versions under which traces are listed at places. */
  versions(places: readonly (TraceId & { readonly place: ListPlace })[]): Promise<ReadonlyMap<string, bigint>>;
}

/** A page is read in order, from the beginning, and no further than it goes. */
export const IN_ORDER: QuerySettings = { max_threads: 1, max_block_size: 1024, optimize_read_in_order: 1 };

const COLUMNS = [
  "workspace",
  "experiment_id",
  "start_key",
  "trace_id",
  "version",
  "gone",
  "home",
  "duration_ns",
  "state",
  "name",
  "sealed",
  "stored_bytes",
  "facets",
  "info",
  "calls",
] as const;

/** The table of listed traces. */
export function openListingTable(connection: Connection): ListingTable {
  return {
    async publish(listings, delistings) {
      if (listings.length + delistings.length === 0) return;
      const writer = new RowWriter(listings.length * 2048 + delistings.length * 128);
      for (const listing of listings) writeListing(writer, listing);
      for (const delisting of delistings) writeDelisting(writer, delisting);
      await connection.insert("traces", COLUMNS, writer.finish());
    },
    oldest: (workspace, experimentId, startNsMax, limit) =>
      connection.query(
        `SELECT trace_id, -start_key, stored_bytes FROM traces FINAL
        WHERE workspace = {workspace:String} AND experiment_id = {experimentId:Int64}
          ${startNsMax === undefined ? "" : "AND start_key >= {startKeyMin:Int64}"}
        ORDER BY start_key DESC, trace_id DESC LIMIT {limit:UInt32}`,
        { workspace, experimentId, startKeyMin: -(startNsMax ?? 0n), limit },
        (reader) => ({ traceId: reader.id(16), startNs: reader.int64(), bytes: reader.uint64() }),
      ),
    async sizes(workspace, experimentIds) {
      if (experimentIds.length === 0) return new Map();
      const rows = await connection.query(
        `SELECT experiment_id, count(), sum(stored_bytes), toInt64(toUnixTimestamp64Milli(max(changed))) FROM traces FINAL
        WHERE workspace = {workspace:String} AND experiment_id IN (${experimentIds.join()}) GROUP BY experiment_id`,
        { workspace },
        (reader) => {
          const id = reader.int64();
          return [id, { traces: reader.uint64(), bytes: reader.uint64(), changedMs: reader.int64() }] as const;
        },
      );
      return new Map(rows);
    },
    async countPending(endedBeforeNs, max) {
      const ended = endedBeforeNs === undefined ? "" : "AND duration_ns - start_key < {endedBeforeNs:Int64}";
      const [traces = 0n] = await connection.query(
        `SELECT count() FROM (SELECT 1 FROM traces FINAL WHERE experiment_id = ${PENDING_ID} ${ended} LIMIT {max:UInt32})`,
        { endedBeforeNs: endedBeforeNs ?? 0n, max },
        (reader) => reader.uint64(),
      );
      return Number(traces);
    },
    async versions(places) {
      if (places.length === 0) return new Map();
      const keys = places.map(
        ({ traceId, place }) => `(${place.experimentId}, ${-place.startNs}, unhex('${traceId}'))`,
      );
      const rows = await connection.query(
        `SELECT workspace, trace_id, version FROM traces FINAL WHERE (experiment_id, start_key, trace_id) IN (${keys.join()})`,
        {},
        (reader) => [`${reader.text()}\n${reader.id(16)}`, reader.uint64()] as const,
      );
      return new Map(rows);
    },
  };
}

/** A facet as the column `facets` has it: how long its name is, its name, its value. */
export function facetTextOf(name: string, value: string): string {
  return `${name.length}:${name}${value}`;
}

/** The inverse of {@link facetTextOf}. */
export function facetIn(text: string): { readonly name: string; readonly value: string } {
  const begin = text.indexOf(":") + 1;
  const end = begin + Number(text.slice(0, begin - 1));
  return { name: text.slice(begin, end), value: text.slice(end) };
}

function writeListing(writer: RowWriter, listing: Listing): void {
  const { summary, calls } = listing;
  const { info, facets, experiment } = summary;
  writer.text(listing.workspace).int64(experiment?.id ?? PENDING_ID);
  writer.int64(-info.startTimeUnixNano).id(listing.traceId).uint64(listing.version).uint8(0).id(listing.home);
  writer.int64(info.durationNanos).uint8(info.state).text(info.name);
  writer
    .uint8(listing.sealed ? 1 : 0)
    .uint64(listing.storedBytes)
    .length(facets.length);
  for (const { name, value } of facets) writer.text(facetTextOf(name, value));
  writer.bytes(TraceInfo.encode(info).finish());
  const packed = new RowWriter(calls.length * 256);
  if (calls.length > 0) writeSpanRows(packed, calls);
  writer.bytes(packed.finish());
}

function writeDelisting(writer: RowWriter, { workspace, traceId, home, version, place }: Delisting): void {
  writer.text(workspace).int64(place.experimentId).int64(-place.startNs).id(traceId).uint64(version).uint8(1).id(home);
  writer.int64(0n).uint8(0).text("").uint8(0).uint64(0n).length(0).text("").text("");
}
