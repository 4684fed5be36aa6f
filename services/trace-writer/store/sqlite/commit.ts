import type { DatabaseSync } from "node:sqlite";
import { zstdCompressSync } from "node:zlib";
import type { RejectReason } from "../../core/span-check.ts";
import { conflictOf } from "../../core/span-order.ts";
import type { NamedExperiment, SpanBatch } from "../../core/span-row.ts";
import { summaryOf } from "../../core/trace-summary.ts";
import type { StoreEvent } from "../trace-store.ts";
import { integerIn } from "./columns.ts";
import { type ExperimentTable, openExperimentTable } from "./experiment-table.ts";
import { openSpanTable, type SpanTable } from "./span-table.ts";
import { openTraceTable, type TraceRow, type TraceTable } from "./trace-table.ts";

/** The tables of a file that is open for writing, and what the transaction at hand has done so far. */
export interface Commit {
  readonly experiments: ExperimentTable;
  readonly traces: TraceTable;
  /** Stores the bytes of a payload. */
  storePayload(traceRef: bigint, bytes: Uint8Array): void;
  /** Removes a trace's spans and the links to mirrors among them; the full traces that had those count as touched. */
  evict(trace: TraceRow): void;
  /** Stores spans under a trace. Returns why some were not, and how many. */
  storeSpans(
    trace: TraceRow,
    batch: SpanBatch,
    experiment: NamedExperiment | undefined,
  ): ReadonlyMap<RejectReason, number>;
  /** Whether a span of that id is there that only the gateway can have written. */
  holdsMirrorSpan(trace: TraceRow, batch: SpanBatch): boolean;
  count(event: StoreEvent, times?: number): void;
  /** Sums every touched trace up again. The last step before the commit. */
  sumUp(nowMs: number): void;
  /** What was counted since it was last asked. */
  takeEvents(): ReadonlyMap<StoreEvent, number>;
  /** Forgets what a transaction that was rolled back had touched and counted. */
  reset(): void;
}

/** Prepares a file's tables for commits. */
export function prepareCommits(db: DatabaseSync): Commit {
  const experiments = openExperimentTable(db);
  const traces = openTraceTable(db);
  const spans = openSpanTable(db);
  const insertPayload = db.prepare("INSERT INTO payloads (trace_ref, bytes) VALUES (?, ?)");
  const insertChunk = db.prepare("INSERT INTO chunks (id, bytes) VALUES (?, ?)");
  const lastChunk = db.prepare("SELECT coalesce(max(id), 0) AS id FROM chunks");
  const touched = new Set<bigint>();
  const events = new Map<StoreEvent, number>();
  const count = (event: StoreEvent, times = 1) => {
    if (times > 0) events.set(event, (events.get(event) ?? 0) + times);
  };
  return {
    experiments,
    traces,
    count,
    storePayload: (traceRef, bytes) => void insertPayload.run(traceRef, zstdCompressSync(bytes)),
    evict(trace) {
      count("span_evicted", spans.removeAll(trace.ref));
      for (const full of traces.unlinkMirrorsIn(trace.ref)) touched.add(full);
    },
    storeSpans(trace, batch, experiment) {
      const last = lastChunk.get();
      const chunk = (last === undefined ? 0n : integerIn(last, "id")) + 1n;
      const outcomes = batch.rows.map((row, position) =>
        settle(spans, trace.ref, { ...row, experiment }, { chunk, position }),
      );
      const times = (outcome: Settled) => outcomes.filter((settled) => settled === outcome).length;
      const stored = times("stored") + times("replaced");
      count("span_stored", stored);
      count("span_repeated", times("repeated"));
      count("span_conflict", times("replaced") + times("lost") + times("mirror_span"));
      if (stored > 0) {
        insertChunk.run(chunk, zstdCompressSync(batch.bytes));
        touched.add(trace.ref);
      }
      const mirrored = times("mirror_span");
      return mirrored === 0 ? new Map() : new Map([["mirror_span", mirrored]]);
    },
    holdsMirrorSpan: (trace, batch) =>
      batch.rows.some(({ spanId }) => (spans.find(trace.ref, spanId)?.row.origin ?? "agent") !== "agent"),
    sumUp(nowMs) {
      for (const ref of touched) sumUpTrace(ref, { traces, spans, experiments, count }, nowMs);
    },
    takeEvents() {
      const taken = new Map(events);
      events.clear();
      touched.clear();
      return taken;
    },
    reset() {
      events.clear();
      touched.clear();
    },
  };
}

/** What became of one span. */
type Settled = "stored" | "replaced" | "repeated" | "lost" | "mirror_span";

function settle(
  spans: SpanTable,
  traceRef: bigint,
  arriving: Parameters<typeof conflictOf>[1],
  place: { readonly chunk: bigint; readonly position: number },
): Settled {
  const experimentId = arriving.experiment?.id;
  if (spans.insert(traceRef, arriving, experimentId, place)) return "stored";
  const stored = spans.find(traceRef, arriving.spanId);
  if (stored === undefined) throw new Error("a span's id is taken, and there is no row of that id");
  switch (conflictOf(stored.row, arriving)) {
    case "duplicate":
      return "repeated";
    case "loses":
      return stored.row.origin === "agent" ? "lost" : "mirror_span";
    case "replaces":
      spans.replace(traceRef, arriving, experimentId, place, stored.chunk);
      return "replaced";
  }
}

interface Tables {
  readonly traces: TraceTable;
  readonly spans: SpanTable;
  readonly experiments: ExperimentTable;
  readonly count: (event: StoreEvent) => void;
}

function sumUpTrace(ref: bigint, { traces, spans, experiments, count }: Tables, nowMs: number): void {
  const trace = traces.byRef(ref);
  const rows = spans.rowsOf(ref);
  if (trace === undefined || rows.length === 0) return;
  const summary = summaryOf({ ...trace, rows, linkedTraceIds: traces.linkedTo(ref) });
  traces.sum(ref, summary);
  const owner = summary.experiment?.id;
  if (owner !== undefined) experiments.touch(owner, nowMs);
  if (!trace.summed || trace.experimentId === owner) return;
  count(trace.experimentId === undefined ? "trace_adopted" : "trace_moved");
}
