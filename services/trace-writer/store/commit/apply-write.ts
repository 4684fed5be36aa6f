import type { ReadRecord } from "../../core/records/read-record.ts";
import type { RecordToWrite } from "../../core/records/record-to-write.ts";
import type { RejectReason } from "../../core/spans/span-check.ts";
import type { SpanBatch } from "../../core/spans/span-row.ts";
import type { ExperimentConflict } from "../trace-moves.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { RecordOutcome, SpansOutcome, StoredRecord } from "../trace-store.ts";
import type { WholeExperiment, WholeTrace } from "../whole-trace.ts";
import { applyEdit, type Edit, type EditOutcome } from "./apply-edit.ts";
import { applyRestore, applyRestoreExperiments } from "./apply-restore.ts";
import type { Commit } from "./commit.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** A request to write, as it is carried out. */
export type Write =
  | { readonly kind: "records"; readonly records: readonly ReadRecord[] }
  | {
      readonly kind: "spans";
      readonly workspace: string;
      readonly experiment: ExperimentChoice;
      readonly batches: readonly SpanBatch[];
    }
  | Edit
  | Restore;

/** What came from another store. */
export type Restore =
  | { readonly kind: "restore"; readonly traces: readonly WholeTrace[] }
  | { readonly kind: "restore_experiments"; readonly experiments: readonly WholeExperiment[] };

/** What became of it. */
export type WriteOutcome =
  | { readonly kind: "records"; readonly outcomes: RecordOutcome[] }
  | { readonly kind: "spans"; readonly outcome: SpansOutcome }
  | EditOutcome
  | { readonly kind: "restore" }
  | { readonly kind: "restore_experiments"; readonly conflicts: readonly ExperimentConflict[] };

/** Carries a request out within the transaction at hand. */
export function applyWrite(commit: Commit, write: Write, nowMs: number): WriteOutcome {
  switch (write.kind) {
    case "records":
      return { kind: "records", outcomes: write.records.map((read) => applyRead(commit, read, nowMs)) };
    case "spans":
      return { kind: "spans", outcome: applySpans(commit, write, nowMs) };
    case "claim":
    case "tags":
    case "deletion":
    case "trim":
    case "experiment":
      return applyEdit(commit, write, nowMs);
    case "restore":
      applyRestore(commit, write.traces, nowMs);
      return { kind: "restore" };
    case "restore_experiments":
      return { kind: "restore_experiments", conflicts: applyRestoreExperiments(commit, write.experiments) };
  }
}

function applyRead(commit: Commit, read: ReadRecord, nowMs: number): RecordOutcome {
  return read.kind === "record" ? applyRecord(commit, read.record, nowMs) : { outcome: "refused", reason: read.reason };
}

function applyRecord(commit: Commit, record: RecordToWrite, nowMs: number): StoredRecord {
  const { workspace, full, mirror } = record;
  const experiment = commit.experiment(workspace, { $case: "name", value: record.experiment }, nowMs);
  const trace = commit.trace(workspace, full.traceId);
  if (trace.sealed) {
    commit.count(trace.recordHash === record.hash ? "record_repeated" : "record_conflict");
    return { outcome: "already_stored", mirror: mirrorStandingOf(commit, mirror, trace) };
  }
  commit.seal(trace, record.metadata, record.hash);
  commit.storeSpans(trace, full, experiment);
  if (record.payload !== undefined) commit.storePayload(trace, record.payload);
  commit.count("record_stored");
  return {
    outcome: "stored",
    mirror: mirror === undefined ? "none" : applyMirror(commit, mirror, trace, nowMs),
  };
}

function applyMirror(
  commit: Commit,
  { workspace, spans, experiment }: NonNullable<RecordToWrite["mirror"]>,
  full: WorkingTrace,
  nowMs: number,
): StoredRecord["mirror"] {
  const owner = experiment && commit.experiment(workspace, experiment, nowMs);
  const trace = commit.trace(workspace, spans.traceId);
  const [gateway] = spans.rows;
  if (trace.sealed || gateway === undefined) {
    commit.count("mirror_in_sealed_trace");
    return "sealed_trace";
  }
  if (trace.known?.rows.length !== 0 && commit.holdsMirrorSpan(trace, spans.rows)) {
    commit.count("mirror_conflict");
    return "conflict";
  }
  if (experiment !== undefined && owner === undefined) commit.count("mirror_experiment_unknown");
  commit.link(full, trace, gateway);
  commit.storeSpans(trace, spans, owner);
  commit.count("mirror_stored");
  return "stored";
}

/** What became of the mirror of a record that came again: the same as the first time, unless its trace was sealed since. */
function mirrorStandingOf(commit: Commit, mirror: RecordToWrite["mirror"], full: WorkingTrace): StoredRecord["mirror"] {
  if (mirror === undefined) return "none";
  const { workspace, spans } = mirror;
  if (commit.linkedTo(full).includes(spans.traceId)) return "stored";
  return commit.find(workspace, spans.traceId)?.sealed === true ? "sealed_trace" : "conflict";
}

function applySpans(
  commit: Commit,
  { workspace, experiment, batches }: Extract<Write, { kind: "spans" }>,
  nowMs: number,
): SpansOutcome {
  const owner = commit.experiment(workspace, experiment, nowMs);
  if (owner === undefined) return { kind: "experiment_not_found" };
  const rejected = new Map<RejectReason, number>();
  for (const batch of batches) {
    const trace = commit.trace(workspace, batch.traceId);
    const rejections: ReadonlyMap<RejectReason, number> = trace.sealed
      ? new Map([["sealed_trace", batch.rows.length]])
      : commit.storeSpans(trace, batch, owner);
    for (const [reason, times] of rejections) rejected.set(reason, (rejected.get(reason) ?? 0) + times);
  }
  return { kind: "stored", rejected };
}
