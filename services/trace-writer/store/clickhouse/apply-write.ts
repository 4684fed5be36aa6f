import type { RecordToWrite } from "../../core/records/record-to-write.ts";
import type { RejectReason } from "../../core/spans/span-check.ts";
import { conflictOf } from "../../core/spans/span-order.ts";
import type { NamedExperiment, SpanBatch, StoredSpanRow } from "../../core/spans/span-row.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { SpansOutcome, StoredRecord } from "../trace-store.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";
import type { Work } from "./work.ts";
import { type WorkingTrace, withExperiment } from "./working-trace.ts";

type MirrorToWrite = NonNullable<RecordToWrite["mirror"]>;

/** Stores a record, both halves of it as facts of one home, or finds that it is there. */
export function applyRecord(work: Work, record: RecordToWrite): StoredRecord {
  const { workspace, full, mirror, hash, metadata, payload } = record;
  const experiment = work.experiment(workspace, { $case: "name", value: record.experiment });
  const trace = work.trace(workspace, full.traceId);
  // Of a record that is repeated the last time may have failed before lists knew of it.
  trace.isRevised = true;
  if (trace.state.sealed) {
    work.count(trace.state.recordHash === hash ? "record_repeated" : "record_conflict");
    return { outcome: "already_stored", mirror: mirrorStandingOf(work, mirror, trace) };
  }
  const standing = mirror === undefined ? "none" : standingOf(work, mirror);
  const home = mirror?.spans.traceId ?? full.traceId;
  const [gateway] = mirror?.spans.rows ?? [];
  const link =
    standing === "stored" && mirror !== undefined && gateway !== undefined
      ? {
          workspace: mirror.workspace,
          traceId: mirror.spans.traceId,
          spanId: gateway.spanId,
          startNs: gateway.startNs,
        }
      : undefined;
  work.count("span_evicted", trace.state.rows.size);
  const rows = withExperiment(full.rows, experiment);
  trace.add(
    { content: { kind: "full", rows, hash, metadata, mirror: link }, experiment, bytes: full.bytes, payload },
    home,
  );
  noteEstranged(work, trace);
  work.count("record_stored");
  work.count("span_stored", rows.length);
  if (mirror !== undefined) applyMirror(work, mirror, standing, { workspace, traceId: full.traceId }, home);
  return { outcome: "stored", mirror: standing };
}

/** Stores spans of agents, but for those that have lost already. */
export function applySpans(
  work: Work,
  workspace: string,
  choice: ExperimentChoice,
  batches: readonly SpanBatch[],
): SpansOutcome {
  const experiment = work.experiment(workspace, choice);
  if (experiment === undefined) return { kind: "experiment_not_found" };
  const rejected = new Map<RejectReason, number>();
  for (const batch of batches) {
    const trace = work.trace(workspace, batch.traceId);
    const rejections = trace.state.sealed
      ? new Map<RejectReason, number>([["sealed_trace", batch.rows.length]])
      : applyBatch(work, trace, batch, experiment);
    for (const [reason, times] of rejections) rejected.set(reason, (rejected.get(reason) ?? 0) + times);
  }
  return { kind: "stored", rejected };
}

/** Links of other traces to this one that are void are undone when all is applied. */
export function noteEstranged(work: Work, { state }: WorkingTrace): void {
  const { workspace, traceId } = state;
  for (const trace of state.estranged.values()) work.estranged.push({ trace, from: { workspace, traceId } });
  state.estranged.clear();
}

function standingOf(work: Work, { workspace, spans }: MirrorToWrite): StoredRecord["mirror"] {
  const { state } = work.trace(workspace, spans.traceId);
  if (state.sealed || spans.rows.length === 0) return "sealed_trace";
  return state.holdsGatewaySpan(spans.rows.map(({ spanId }) => spanId)) ? "conflict" : "stored";
}

function applyMirror(
  work: Work,
  { workspace, spans, experiment: asked }: MirrorToWrite,
  standing: StoredRecord["mirror"],
  full: TraceId,
  home: string,
): void {
  const experiment = asked && work.experiment(workspace, asked);
  if (standing !== "stored") {
    work.count(standing === "conflict" ? "mirror_conflict" : "mirror_in_sealed_trace");
    return;
  }
  if (asked !== undefined && experiment === undefined) work.count("mirror_experiment_unknown");
  const trace = work.trace(workspace, spans.traceId);
  const rows = withExperiment(spans.rows, experiment);
  trace.add({ content: { kind: "mirror", rows, full }, experiment, bytes: spans.bytes }, home);
  work.count("mirror_stored");
  work.count("span_stored", rows.length);
}

/** What became of the mirror of a record that came again: the same as the first time, unless its trace was sealed since. */
function mirrorStandingOf(work: Work, mirror: RecordToWrite["mirror"], full: WorkingTrace): StoredRecord["mirror"] {
  if (mirror === undefined) return "none";
  const { workspace, spans } = mirror;
  const trace = work.trace(workspace, spans.traceId);
  trace.isRevised = true;
  if (full.state.links.has(traceKeyOf(trace.state))) return "stored";
  return trace.state.sealed ? "sealed_trace" : "conflict";
}

/** What becomes of one span. */
type Settled = "stored" | "replaced" | "repeated" | "lost" | "mirror_span" | "trace_full";

function applyBatch(
  work: Work,
  trace: WorkingTrace,
  batch: SpanBatch,
  experiment: NamedExperiment,
): ReadonlyMap<RejectReason, number> {
  const seen = new Map<string, StoredSpanRow>();
  let room = work.traceSpansMax - trace.state.rows.size;
  const outcomes = withExperiment(batch.rows, experiment).map((row) => {
    const settled = settle(seen.get(row.spanId) ?? trace.state.rows.get(row.spanId)?.row, row, room);
    if (settled === "stored") room -= 1;
    const isKept = settled === "stored" || settled === "replaced";
    if (isKept) seen.set(row.spanId, row);
    return { settled, row: isKept ? row : undefined };
  });
  const times = (asked: Settled) => outcomes.filter(({ settled }) => settled === asked).length;
  const stored = times("stored") + times("replaced");
  work.count("span_stored", stored);
  work.count("span_repeated", times("repeated"));
  work.count("span_conflict", times("replaced") + times("lost") + times("mirror_span"));
  if (stored > 0) {
    const rows = outcomes.map(({ row }) => row);
    trace.add({ content: { kind: "spans", rows }, experiment, bytes: batch.bytes }, batch.traceId);
  }
  trace.isRevised = true;
  const reasons = ["mirror_span", "trace_full"] as const;
  return new Map(reasons.map((reason) => [reason, times(reason)] as const).filter(([, spans]) => spans > 0));
}

function settle(there: StoredSpanRow | undefined, arriving: StoredSpanRow, room: number): Settled {
  if (there === undefined) return room > 0 ? "stored" : "trace_full";
  switch (conflictOf(there, arriving)) {
    case "replaces":
      return "replaced";
    case "duplicate":
      return "repeated";
    case "loses":
      return there.origin === "agent" ? "lost" : "mirror_span";
  }
}
