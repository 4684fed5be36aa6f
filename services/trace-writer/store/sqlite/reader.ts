import type { DatabaseSync } from "node:sqlite";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { StoredSize } from "../../core/retention/retention.ts";
import { type SpanPlace, traceOf } from "../../core/traces/trace-assembly.ts";
import { hexIn, idBytes, integerIn } from "../columns.ts";
import { openBlockReads } from "./block-reads.ts";
import { type DumpTraces, openDump } from "./dump.ts";
import { type ExperimentTable, openExperimentTable } from "./experiment-table.ts";
import { type BatchOfTrace, openStoredBatches, placesOf } from "./stored-batches.ts";
import { payloadOfBatch } from "./stored-payload.ts";
import { type ListChanges, openTraceChanges } from "./trace-changes.ts";
import { INFO_COLUMNS, openInfos } from "./trace-info.ts";
import { openTraceSearch, type SearchTraces } from "./trace-search.ts";
import { atOnce, inTurns, type Work } from "./turns.ts";
import { type ListTwins, openTwinList } from "./twin-list.ts";

/** Reads a file. Every read is one transaction, and so sees one moment. */
export interface Reader {
  infos(workspace: string, traceIds: readonly string[]): readonly TraceInfo[];
  /** What may take long. It is for {@link atOnce} or {@link inTurns} to begin it. */
  readonly search: SearchTraces;
  readonly changes: ListChanges;
  /** Of its spans those for which `counts` holds. Default: all. It can be stopped after each of its batches. */
  trace(
    workspace: string,
    traceId: string,
    withPayload: boolean,
    counts?: (place: SpanPlace) => boolean,
  ): Work<Trace | undefined>;
  /** Does such work, unless others would wait too long for it: then undefined. */
  atOnce<Result>(work: Work<Result>): { readonly result: Result } | undefined;
  /** Does such work turn by turn, unless the signal aborts. Nothing else may be asked of this reader until it has ended. */
  inTurns<Result>(work: Work<Result>, signal: AbortSignal | undefined): Promise<Result>;
  readonly twins: ListTwins;
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
  const trace = db.prepare(`SELECT ${INFO_COLUMNS} FROM traces t WHERE t.workspace = ? AND t.trace_id = ?`);
  const blocks = openBlockReads(db);
  const infoOf = openInfos(db, blocks);
  const batchesOf = openStoredBatches(db, blocks);
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
  const search = openTraceSearch(db, blocks, experiments);
  const twins = openTwinList(db, blocks);
  const changes = openTraceChanges(db, blocks);
  const dump = openDump(db, blocks);
  const size = db.prepare(
    "SELECT coalesce(sum(traces), 0) AS traces, coalesce(sum(bytes), 0) AS bytes FROM experiment_sizes",
  );

  const readTrace: Reader["trace"] = function* (workspace, traceId, withPayload, counts = () => true) {
    const found = trace.get(workspace, idBytes(traceId));
    if (found === undefined) return undefined;
    const ref = integerIn(found, "ref");
    const batches: BatchOfTrace[] = [];
    for (const batch of batchesOf(ref)) {
      batches.push(batch);
      yield;
    }
    const full = withPayload ? batches.find((batch) => batch.payload !== undefined) : undefined;
    const payload = full && payloadOfBatch(full, blocks);
    const linkRow = link.get(ref);
    const stored = {
      info: infoOf(found),
      places: placesOf(batches).filter(counts),
      chunks: new Map(batches.map(({ id, spans }) => [id, spans])),
      payloads: payload && InvocationRecord.decode(payload).payloads,
      mirrorSpanId: linkRow && hexIn(linkRow, "span_id"),
      linkedMirrors: new Set(linkedMirrors.all(ref).map((row) => hexIn(row, "span_id"))),
    };
    return traceOf(stored, withPayload);
  };

  /** What was read of blocks is true within one transaction. */
  const inOneMoment = <Value>(read: () => Value): Value => {
    db.exec("BEGIN");
    try {
      return read();
    } finally {
      blocks.letGo();
      db.exec("COMMIT");
    }
  };

  return {
    twins: (...asked) => inOneMoment(() => twins(...asked)),
    infos: (workspace, traceIds) =>
      inOneMoment(() =>
        traceIds.flatMap((traceId) => {
          const found = trace.get(workspace, idBytes(traceId));
          return found === undefined ? [] : infoOf(found);
        }),
      ),
    search,
    changes,
    trace: readTrace,
    atOnce: (work) => inOneMoment(() => atOnce(work)),
    async inTurns(work, signal) {
      db.exec("BEGIN");
      try {
        return await inTurns(work, signal);
      } finally {
        blocks.letGo();
        db.exec("COMMIT");
      }
    },
    pendingTracesBefore: (endedNs) => Number(integerIn(pendingBeforeCount.get(endedNs) ?? {}, "traces")),
    pendingTraces: () => Number(integerIn(pendingCount.get() ?? {}, "traces")),
    experiments,
    dump: (...asked) => inOneMoment(() => dump(...asked)),
    sizeOfAll() {
      const all = size.get() ?? {};
      return { traces: integerIn(all, "traces"), bytes: integerIn(all, "bytes") };
    },
  };
}
