import type { ReadRecord } from "../../core/records/read-record.ts";
import type { Write, WriteOutcome } from "../commit/apply-write.ts";
import type { RecordOutcome } from "../trace-store.ts";
import { applyClaim, applyDeletion, applyExperiment, applyTags, applyTrim } from "./apply-edit.ts";
import { applyRestore, applyRestoreExperiments } from "./apply-restore.ts";
import { applyRecord, applySpans } from "./apply-write.ts";
import type { FoundTraces } from "./asked-traces.ts";
import { experimentMessageOf } from "./experiment-message.ts";
import { traceKeyOf } from "./trace-key.ts";
import type { Work } from "./work.ts";

/** Carries a write out, in memory: its traces were read. */
export function applyWrite(work: Work, write: Write, { oldest, size }: FoundTraces): WriteOutcome {
  const { kind } = write;
  switch (kind) {
    case "records":
      return { kind, outcomes: write.records.map((read) => applyRead(work, read)) };
    case "spans":
      return { kind, outcome: applySpans(work, write.workspace, write.experiment, write.batches) };
    case "claim":
      return { kind, outcome: applyClaim(work, write.workspace, write.experiment, write.claim) };
    case "tags":
      return { kind, outcome: applyTags(work, write.workspace, write.traceId, write.edits) };
    case "deletion": {
      const { workspace, experimentId, which, limit } = write;
      const traceIds = which.kind === "ids" ? which.traceIds : oldest.map(({ traceId }) => traceId);
      const isMore = which.kind === "until" && oldest.length >= limit;
      return { kind, outcome: applyDeletion(work, workspace, experimentId, traceIds, limit, isMore) };
    }
    case "trim":
      return { kind, reasons: applyTrim(work, write.workspace, write.experimentId, oldest, size, write.kept) };
    case "restore":
      applyRestore(work, write.traces);
      return { kind };
    case "restore_experiments":
      return { kind, conflicts: applyRestoreExperiments(work, write.experiments) };
    case "experiment": {
      const outcome = applyExperiment(work, write.workspace, write.experiment);
      if (typeof outcome === "string") return { kind, outcome: { kind: outcome } };
      return { kind, outcome: { kind: "written", experiment: experimentMessageOf(outcome, undefined) } };
    }
  }
}

function applyRead(work: Work, read: ReadRecord): RecordOutcome {
  return read.kind === "record" ? applyRecord(work, read.record) : { outcome: "refused", reason: read.reason };
}

/** What became of a write once others' writes to the same traces are known: they may have sealed a mirror's trace. */
export function settledOutcomeOf(work: Work, write: Write, outcome: WriteOutcome): WriteOutcome {
  if (write.kind !== "records" || outcome.kind !== "records") return outcome;
  const outcomes = outcome.outcomes.map((each, index): RecordOutcome => {
    const read = write.records[index];
    if (each.outcome === "refused" || read?.kind !== "record") return each;
    const { workspace, full, mirror } = read.record;
    if (mirror === undefined || each.mirror !== "stored") return each;
    const { state } = work.trace(mirror.workspace, mirror.spans.traceId);
    if (state.links.has(traceKeyOf({ workspace, traceId: full.traceId }))) return each;
    return { ...each, mirror: state.sealed ? "sealed_trace" : "conflict" };
  });
  return { kind: "records", outcomes };
}
