import type { DatabaseSync } from "node:sqlite";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { StoredSize } from "../../core/retention.ts";
import { type SpanPlace, traceOf } from "../../core/trace-assembly.ts";
import { bytesIn, hexIn, idBytes, integerIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import { unpack } from "../packing.ts";
import { type DumpTraces, openDump } from "./dump.ts";
import { type ExperimentTable, openExperimentTable } from "./experiment-table.ts";
import { originIn } from "./span-table.ts";
import { type ListChanges, openTraceChanges } from "./trace-changes.ts";
import { openTraceSearch, type SearchTraces } from "./trace-search.ts";
import { type ListTwins, openTwinList } from "./twin-list.ts";

/** Reads a file. Every read is one transaction, and so sees one moment. */
export interface Reader {
  infos(workspace: string, traceIds: readonly string[]): readonly TraceInfo[];
  readonly search: SearchTraces;
  readonly twins: ListTwins;
  /** Of its spans those for which `counts` holds. Default: all. */
  trace(
    workspace: string,
    traceId: string,
    withPayload: boolean,
    counts?: (place: SpanPlace) => boolean,
  ): Trace | undefined;
  readonly changes: ListChanges;
  pendingTraces(): number;
  /** Those whose last span ended before that moment. */
  pendingTracesBefore(endedNs: bigint): number;
  readonly experiments: ExperimentTable;
  readonly dump: DumpTraces;
  /** What all traces are and take together. */
  sizeOfAll(): StoredSize;
}

/** Counting takes some milliseconds up to here, and readers wait meanwhile. */
const PENDING_COUNTED_MAX = 100_000;
/** Each of these is looked at. */
const PENDING_BEFORE_COUNTED_MAX = 10_000;

/** Prepares the reads of a file that is open for reading. */
export function openReader(db: DatabaseSync): Reader {
  const experiments = openExperimentTable(db);
  const trace = db.prepare("SELECT ref, sealed, info FROM traces WHERE workspace = ? AND trace_id = ?");
  const places = db.prepare(
    "SELECT span_id, origin, chunk, position FROM spans WHERE trace_ref = ? ORDER BY start_ns, span_id",
  );
  const chunk = db.prepare("SELECT bytes FROM chunks WHERE id = ?");
  const payload = db.prepare("SELECT bytes FROM payloads WHERE trace_ref = ?");
  const link = db.prepare("SELECT span_id FROM mirror_links WHERE full_ref = ?");
  const linkedMirrors = db.prepare("SELECT span_id FROM mirror_links WHERE mirror_ref = ?");
  const pendingCount = db.prepare(
    `SELECT count(*) AS traces FROM (SELECT 1 FROM traces WHERE experiment_id IS NULL AND start_ns > 0 LIMIT ${PENDING_COUNTED_MAX})`,
  );
  const pendingBeforeCount = db.prepare(
    `SELECT count(*) AS traces FROM (
      SELECT 1 FROM traces INDEXED BY traces_pending
      WHERE experiment_id IS NULL AND start_ns > 0 AND start_ns + duration_ns < ? LIMIT ${PENDING_BEFORE_COUNTED_MAX})`,
  );
  const search = openTraceSearch(db, experiments);
  const twins = openTwinList(db);
  const changes = openTraceChanges(db);
  const dump = openDump(db);
  const size = db.prepare(
    "SELECT coalesce(sum(traces), 0) AS traces, coalesce(sum(bytes), 0) AS bytes FROM experiment_sizes",
  );

  const readTrace = (
    workspace: string,
    traceId: string,
    withPayload: boolean,
    counts: (place: SpanPlace) => boolean = () => true,
  ): Trace | undefined => {
    const found = trace.get(workspace, idBytes(traceId));
    if (found === undefined) return undefined;
    const ref = integerIn(found, "ref");
    const spans = places
      .all(ref)
      .map((row) => ({
        spanId: hexIn(row, "span_id"),
        origin: originIn(row),
        chunk: integerIn(row, "chunk"),
        position: Number(integerIn(row, "position")),
      }))
      .filter(counts);
    const chunks = new Map([...new Set(spans.map((span) => span.chunk))].map((id) => [id, unpackedIn(chunk.get(id))]));
    const payloadRow = withPayload ? payload.get(ref) : undefined;
    const linkRow = link.get(ref);
    const stored = {
      info: infoIn(found),
      places: spans,
      chunks,
      payloads: payloadRow && InvocationRecord.decode(unpackedIn(payloadRow)).payloads,
      mirrorSpanId: linkRow && hexIn(linkRow, "span_id"),
      linkedMirrors: new Set(linkedMirrors.all(ref).map((row) => hexIn(row, "span_id"))),
    };
    return traceOf(stored, withPayload);
  };

  return {
    trace: (...asked) => inOneMoment(db, () => readTrace(...asked)),
    changes: (...asked) => inOneMoment(db, () => changes(...asked)),
    twins: (...asked) => inOneMoment(db, () => twins(...asked)),
    infos: (workspace, traceIds) =>
      inOneMoment(db, () =>
        traceIds.flatMap((traceId) => {
          const found = trace.get(workspace, idBytes(traceId));
          return found === undefined ? [] : infoIn(found);
        }),
      ),
    search: (...asked) => inOneMoment(db, () => search(...asked)),
    pendingTracesBefore: (endedNs) => Number(integerIn(pendingBeforeCount.get(endedNs) ?? {}, "traces")),
    pendingTraces: () => Number(integerIn(pendingCount.get() ?? {}, "traces")),
    experiments,
    dump: (...asked) => inOneMoment(db, () => dump(...asked)),
    sizeOfAll() {
      const all = size.get() ?? {};
      return { traces: integerIn(all, "traces"), bytes: integerIn(all, "bytes") };
    },
  };
}

function inOneMoment<Value>(db: DatabaseSync, read: () => Value): Value {
  db.exec("BEGIN");
  try {
    return read();
  } finally {
    db.exec("COMMIT");
  }
}

function unpackedIn(row: Row | undefined): Uint8Array {
  if (row === undefined) throw new Error("a span's bytes are not there");
  return unpack(bytesIn(row, "bytes"));
}
