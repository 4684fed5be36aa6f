import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import type { StoredSize } from "../../core/retention/retention.ts";
import type { RejectReason } from "../../core/spans/span-check.ts";
import type { NamedExperiment, SpanRow, StoredSpanRow } from "../../core/spans/span-row.ts";
import { adoptionWaitMsOf } from "../../core/traces/adoption-wait.ts";
import { summaryOf } from "../../core/traces/trace-summary.ts";
import type { CommitCount, StoreEvent } from "../trace-store.ts";
import { type CommitExperiments, createCommitExperiments } from "./commit-experiments.ts";
import { createForwardWaits } from "./forward-waits.ts";
import { noneSettled, rejectionsOf, settleSpan } from "./settle-span.ts";
import type { CommitTables } from "./tables.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** Where writes are carried out, and what the transaction at hand has done so far. */
export interface Commit extends CommitExperiments {
  /** The first step of a transaction. */
  begin(): void;
  /** The trace. Undefined: there is none. */
  find(workspace: string, traceId: string): WorkingTrace | undefined;
  /** The trace, which is made when missing. */
  trace(workspace: string, traceId: string): WorkingTrace;
  /** Makes an empty trace a full trace: what was in it is evicted. */
  seal(trace: WorkingTrace, metadata: Readonly<Record<string, string>>, recordHash: string): void;
  /** Stores what is said of a trace as a whole. */
  annotate(trace: WorkingTrace, said: Partial<Pick<WorkingTrace, "claim" | "tagEdits">>): void;
  /** The traces that an experiment owns and that began at `startNsMax` or earlier, the oldest first. */
  ownedUntil(experimentId: bigint, startNsMax: bigint, limit: number): readonly WorkingTrace[];
  /** The traces that an experiment owns, or undefined: the pending ones, the oldest first. */
  oldest(workspace: string, experimentId: bigint | undefined, limit: number): readonly WorkingTrace[];
  /** What an experiment, or undefined: the pending traces, hold, but for what this transaction has written. */
  sizeOf(workspace: string, experimentId: bigint | undefined): StoredSize;
  /** In how many pieces a trace is stored: the more there are, the longer it takes to remove it. */
  piecesOf(trace: WorkingTrace): number;
  /** In how many pieces the traces were stored that this transaction has removed. */
  removedPieces(): number;
  /** Removes a trace and all that belongs to it. */
  remove(trace: WorkingTrace): void;
  /** Stores the bytes of a payload. */
  storePayload(trace: WorkingTrace, bytes: Uint8Array): void;
  /**
   * Stores spans under a trace: those that have a row. Returns why some were not, and how many. Of agents' spans it
   * takes `spansMax`, or else the limit.
   */
  storeSpans(
    trace: WorkingTrace,
    batch: BatchToStore,
    experiment: NamedExperiment | undefined,
    spansMax?: number,
  ): ReadonlyMap<RejectReason, number>;
  /** Whether a span of these ids is there that only the gateway can have written. */
  holdsMirrorSpan(trace: WorkingTrace, rows: readonly (Pick<SpanRow, "spanId"> | undefined)[]): boolean;
  /** Links a full trace to the trace that holds its mirror, and to the mirror's gateway span. */
  link(full: WorkingTrace, mirror: WorkingTrace, gateway: Pick<StoredSpanRow, "spanId" | "startNs">): void;
  /** The traces that hold the other twins. */
  linkedTo(trace: WorkingTrace): readonly string[];
  /** Notes that a trace comes from another store: it is no news to its experiment, and nothing of it is forwarded. */
  isRestored(trace: WorkingTrace): void;
  count(event: StoreEvent, times?: number): void;
  /** Sums every changed trace up, and lets go of all. The last step before the commit. */
  sumUp(nowMs: number): void;
  /** What was counted since it was last asked. */
  takeCount(): CommitCount;
  /** Forgets what a transaction that was rolled back had done and counted. */
  reset(): void;
  /** What is stored from the next transaction on waits by other routes. */
  routeBy(routes: ForwardRoutes): void;
}

/** Spans that arrived together, each with its row. Undefined: it does not count. */
interface BatchToStore {
  readonly rows: readonly (SpanRow | undefined)[];
  readonly bytes: Uint8Array;
}

/**
 * The rules of a commit over a store's tables. Of an agent's spans no more are stored under a trace than
 * `traceSpansMax`. What is stored waits to be forwarded by `routes`.
 */
export function createCommit(tables: CommitTables, traceSpansMax: number, routes: ForwardRoutes): Commit {
  const { spans, bytes, sizes, known: knownTraces } = tables;
  const forwardWaits = createForwardWaits(routes);
  const { letGo: letGoOfExperiments, ...experiments } = createCommitExperiments(tables);
  const traces = new Map<string, WorkingTrace>();
  const byRef = new Map<bigint, WorkingTrace>();
  const restored = new Set<WorkingTrace>();
  const events = new Map<StoreEvent, number>();
  let adoptionWaitsMs: number[] = [];
  let removedPieces = 0;

  const count = (event: StoreEvent, times = 1) => {
    if (times > 0) events.set(event, (events.get(event) ?? 0) + times);
  };
  const forgetCount = () => {
    events.clear();
    adoptionWaitsMs = [];
  };
  const letGo = () => {
    for (const map of [traces, byRef, restored]) map.clear();
    removedPieces = 0;
    letGoOfExperiments();
    forwardWaits.forget();
  };
  const workingTrace = (ref: bigint) => {
    const trace = byRef.get(ref) ?? tables.traces.byRef(ref);
    if (trace !== undefined) byRef.set(ref, trace);
    return trace;
  };
  const keyOf = (workspace: string, traceId: string) => `${workspace}\n${traceId}`;
  const keep = (workspace: string, trace: WorkingTrace) => {
    traces.set(keyOf(workspace, trace.traceId), trace);
    byRef.set(trace.ref, trace);
    return trace;
  };
  const find = (workspace: string, traceId: string) => {
    const there = traces.get(keyOf(workspace, traceId));
    if (there !== undefined) return there;
    const found = tables.traces.find(workspace, traceId);
    if (found === undefined) return undefined;
    const trace = byRef.get(found.ref) ?? found;
    if (trace === found) trace.known = knownTraces.take(trace.ref);
    return keep(workspace, trace);
  };
  const relink = (refs: readonly bigint[]) => {
    for (const ref of refs) {
      const trace = workingTrace(ref);
      if (trace !== undefined) Object.assign(trace, { known: undefined, changed: true });
    }
  };
  const annotate: Commit["annotate"] = (trace, said) => {
    Object.assign(trace, said, { changed: true });
    tables.traces.annotate(trace);
  };
  const evict = (trace: WorkingTrace) => {
    count("span_evicted", spans.countOf(trace.ref));
    spans.removeAll(trace.ref);
    relink(tables.traces.unlinkMirrorsIn(trace.ref));
    trace.known = { rows: [], linkedTraceIds: [] };
    trace.bytes = 0n;
  };
  const linkedTo = ({ known, ref }: WorkingTrace) => known?.linkedTraceIds ?? tables.traces.linkedTo(ref);
  const sumUpTrace = (trace: WorkingTrace, nowMs: number): bigint | undefined => {
    const known = { rows: trace.known?.rows ?? spans.rowsOf(trace.ref), linkedTraceIds: linkedTo(trace) };
    if (known.rows.length === 0 && trace.claim === undefined) return undefined;
    const summary = summaryOf({ ...trace, ...known });
    tables.traces.update(trace, summary);
    // A full trace does not change any more, but for its link.
    if (!trace.sealed) knownTraces.remember(trace.ref, known);
    if (restored.has(trace)) return undefined;
    const waits = forwardWaits.of(trace, summary.experiment, known.rows.length);
    for (const wait of waits) tables.forwards.insert(trace, wait, nowMs);
    count("forward_added", waits.length);
    const owner = summary.experiment?.id;
    if (trace.startNs > 0n && trace.experimentId !== owner) {
      const isAdopted = trace.experimentId === undefined;
      count(isAdopted ? "trace_adopted" : "trace_moved");
      const waitMs = isAdopted ? adoptionWaitMsOf(known.rows, nowMs) : undefined;
      if (waitMs !== undefined) adoptionWaitsMs.push(waitMs);
    }
    return owner;
  };

  return {
    begin: () => tables.begin(),
    count,
    linkedTo,
    ...experiments,
    find,
    trace: (workspace, traceId) =>
      find(workspace, traceId) ?? keep(workspace, tables.traces.insert(workspace, traceId)),
    seal(trace, metadata, recordHash) {
      if (trace.known?.rows.length !== 0) evict(trace);
      if (trace.claim !== undefined) annotate(trace, { claim: undefined });
      Object.assign(trace, { sealed: true, metadata, recordHash });
    },
    annotate,
    ownedUntil: (...asked) => tables.traces.ownedUntil(...asked).flatMap((ref) => workingTrace(ref) ?? []),
    oldest: (...asked) => tables.traces.oldest(...asked).flatMap((ref) => workingTrace(ref) ?? []),
    sizeOf: sizes.sizeOf,
    piecesOf: ({ ref }) => spans.chunksOf(ref),
    removedPieces: () => removedPieces,
    remove(trace) {
      const { ref, workspace, traceId } = trace;
      removedPieces += spans.chunksOf(ref);
      spans.removeAll(ref);
      relink(tables.traces.remove(trace));
      traces.delete(keyOf(workspace, traceId));
      byRef.delete(ref);
      knownTraces.take(ref);
    },
    storePayload(trace, payload) {
      bytes.storePayload(trace, payload);
    },
    storeSpans(trace, batch, experiment, spansMax = traceSpansMax) {
      const chunk = bytes.nextChunk();
      let room = spansMax - (trace.known?.rows.length ?? spans.countOf(trace.ref));
      const times = noneSettled();
      for (const [position, row] of batch.rows.entries()) {
        if (row === undefined) continue;
        const isFull = row.origin === "agent" && room <= 0;
        const settled = settleSpan(spans, trace, { ...row, experiment }, { chunk, position }, isFull);
        if (settled === "stored") room -= 1;
        times[settled] += 1;
      }
      const stored = times.stored + times.replaced;
      count("span_stored", stored);
      count("span_repeated", times.repeated);
      count("span_conflict", times.replaced + times.lost + times.mirror_span);
      if (stored > 0) {
        bytes.storeChunk(trace, chunk, batch.bytes);
        const first = batch.rows.find((row) => row !== undefined);
        if (first !== undefined) forwardWaits.noteStored(trace.ref, chunk, first.origin, stored, batch.bytes);
        trace.changed = true;
      }
      return rejectionsOf(times);
    },
    holdsMirrorSpan: (trace, rows) =>
      rows.some((row) => row !== undefined && (spans.find(trace.ref, row.spanId)?.row.origin ?? "agent") !== "agent"),
    link(full, mirror, { spanId, startNs }) {
      tables.traces.link(full.ref, mirror.ref, spanId, startNs);
      // Of several links the order is by time: it is left to the table.
      const isFirst = mirror.known?.linkedTraceIds?.length === 0;
      if (mirror.known !== undefined) mirror.known.linkedTraceIds = isFirst ? [full.traceId] : undefined;
      if (full.known !== undefined) full.known.linkedTraceIds = [mirror.traceId];
    },
    isRestored: (trace) => void restored.add(trace),
    sumUp(nowMs) {
      tables.settle();
      const changed = Array.from(byRef.values()).filter((trace) => trace.changed);
      // Full traces first: the traces that hold their mirrors name them, as they are stored.
      const inOrder = changed.toSorted((a, b) => Number(b.sealed) - Number(a.sealed));
      const owners = new Set(inOrder.map((trace) => sumUpTrace(trace, nowMs)));
      for (const owner of owners) if (owner !== undefined) tables.experiments.touch(owner, nowMs);
      tables.end();
      letGo();
    },
    takeCount() {
      const taken = { events: new Map(events), adoptionWaitsMs };
      forgetCount();
      return taken;
    },
    reset() {
      forgetCount();
      tables.reset();
      letGo();
    },
    routeBy: forwardWaits.routeBy,
  };
}
