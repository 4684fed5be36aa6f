import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import { type KeptTraces, type TrimReason, trimReasonsOf } from "../../core/retention/retention.ts";
import { claimReplaces } from "../../core/traces/trace-claim.ts";
import { EDITED_TAGS_MAX, type TagEdits } from "../../core/traces/trace-tags.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { ClaimOutcome, DeletionOutcome, ExperimentWrite, TagsOutcome } from "../trace-store.ts";
import { noteEstranged } from "./apply-write.ts";
import type { StoredExperiment } from "./experiment-table.ts";
import type { ExperimentSize, OldTrace } from "./listing-table.ts";
import type { Work } from "./work.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** Stores what an agent says of its trace as a whole, unless what is there ranks above it. */
export function applyClaim(work: Work, workspace: string, choice: ExperimentChoice, claim: TraceClaim): ClaimOutcome {
  const experiment = work.experiment(workspace, choice);
  if (experiment === undefined) return "experiment_not_found";
  const trace = work.trace(workspace, claim.traceId);
  trace.isRevised = true;
  if (trace.state.sealed) return "sealed_trace";
  const arriving = { claim, experiment: { id: experiment.id, name: experiment.name } };
  if (trace.state.claim === undefined || claimReplaces(trace.state.claim, arriving)) {
    // Its bytes are in what the fact says; here they make its id.
    const bytes = TraceClaim.encode(claim).finish();
    trace.add({ content: { kind: "claim", claim: arriving }, experiment, idBytes: bytes }, claim.traceId);
    work.count("trace_claimed");
  }
  return "stored";
}

/** Stores an edit of tags. */
export function applyTags(work: Work, workspace: string, traceId: string, edits: TagEdits): TagsOutcome {
  const trace = work.trace(workspace, traceId);
  if (!trace.state.exists) return "trace_not_found";
  if (Object.keys({ ...trace.state.tagEdits, ...edits }).length > EDITED_TAGS_MAX) return "too_many_tags";
  trace.add({ content: { kind: "tags", edits } }, traceId);
  return "edited";
}

/** Deletes those of some traces that an experiment owns. `isMore`: others of those that were asked for may be left. */
export function applyDeletion(
  work: Work,
  workspace: string,
  experimentId: bigint,
  traceIds: readonly string[],
  limit: number,
  isMore: boolean,
): DeletionOutcome {
  if (work.experiments.byId(experimentId)?.workspace !== workspace) return { kind: "experiment_not_found" };
  const found = [...new Set(traceIds)].map((traceId) => work.trace(workspace, traceId));
  const owned = found.filter((trace) => trace.owner()?.id === experimentId).slice(0, limit);
  for (const trace of owned) remove(work, trace);
  return { kind: "deleted", traces: owned.length, isMore };
}

/** Deletes the oldest of an experiment's traces, or undefined: of the pending ones, as far as they are not to be kept. */
export function applyTrim(
  work: Work,
  workspace: string,
  experimentId: bigint | undefined,
  oldest: readonly OldTrace[],
  size: ExperimentSize | undefined,
  kept: KeptTraces,
): readonly TrimReason[] {
  const reasons = trimReasonsOf(oldest, size ?? { traces: 0n, bytes: 0n }, kept);
  const done: TrimReason[] = [];
  for (const [index, reason] of reasons.entries()) {
    const trace = work.trace(workspace, oldest[index]?.traceId ?? "");
    // It may have been moved since the list was read.
    if (!trace.state.exists || trace.owner()?.id !== experimentId) continue;
    remove(work, trace);
    done.push(reason);
  }
  return done;
}

/** Creates an experiment, or changes one. */
export function applyExperiment(
  { experiments, nowMs }: Work,
  workspace: string,
  write: ExperimentWrite,
): StoredExperiment | "name_taken" | "experiment_not_found" {
  const { name } = write;
  const named = name === undefined ? undefined : experiments.find(workspace, { $case: "name", value: name });
  if (write.kind === "create") {
    return named === undefined ? experiments.create(workspace, write.name, nowMs) : "name_taken";
  }
  if (named !== undefined && named.id !== write.id) return "name_taken";
  const updated = experiments.byId(write.id);
  return updated?.workspace === workspace ? experiments.update(updated, write) : "experiment_not_found";
}

function remove(work: Work, trace: WorkingTrace): void {
  const { traceId } = trace.state;
  trace.add({ content: { kind: "deleted" } }, traceId);
  noteEstranged(work, trace);
  work.count("trace_deleted");
}
