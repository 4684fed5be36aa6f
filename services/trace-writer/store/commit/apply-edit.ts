import type { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import { type KeptTraces, type TrimReason, trimReasonsOf } from "../../core/retention/retention.ts";
import { claimReplaces } from "../../core/traces/trace-claim.ts";
import { EDITED_TAGS_MAX, type TagEdits } from "../../core/traces/trace-tags.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type {
  ClaimOutcome,
  DeletionOutcome,
  ExperimentOutcome,
  ExperimentWrite,
  TagsOutcome,
  TracesToDelete,
} from "../trace-store.ts";
import type { Commit } from "./commit.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** A request that changes traces as a whole, or experiments, as it waits for its commit. */
export type Edit =
  | {
      readonly kind: "claim";
      readonly workspace: string;
      readonly experiment: ExperimentChoice;
      readonly claim: TraceClaim;
    }
  | { readonly kind: "tags"; readonly workspace: string; readonly traceId: string; readonly edits: TagEdits }
  | {
      readonly kind: "deletion";
      readonly workspace: string;
      readonly experimentId: bigint;
      readonly which: TracesToDelete;
      readonly limit: number;
    }
  | {
      readonly kind: "trim";
      readonly workspace: string;
      readonly experimentId: bigint | undefined;
      readonly kept: KeptTraces;
      readonly limit: number;
    }
  | { readonly kind: "experiment"; readonly workspace: string; readonly experiment: ExperimentWrite };

type EditOf<Kind extends Edit["kind"]> = Extract<Edit, { kind: Kind }>;

/** What became of it. */
export type EditOutcome =
  | { readonly kind: "claim"; readonly outcome: ClaimOutcome }
  | { readonly kind: "tags"; readonly outcome: TagsOutcome }
  | { readonly kind: "deletion"; readonly outcome: DeletionOutcome }
  | { readonly kind: "trim"; readonly reasons: readonly TrimReason[] }
  | { readonly kind: "experiment"; readonly outcome: ExperimentOutcome };

/** Carries a request out within the transaction at hand. */
export function applyEdit(commit: Commit, edit: Edit, nowMs: number): EditOutcome {
  switch (edit.kind) {
    case "claim":
      return { kind: "claim", outcome: applyClaim(commit, edit, nowMs) };
    case "tags":
      return { kind: "tags", outcome: applyTags(commit, edit) };
    case "deletion":
      return { kind: "deletion", outcome: applyDeletion(commit, edit) };
    case "trim":
      return { kind: "trim", reasons: applyTrim(commit, edit) };
    case "experiment":
      return { kind: "experiment", outcome: applyExperiment(commit, edit, nowMs) };
  }
}

function applyClaim(commit: Commit, edit: EditOf<"claim">, nowMs: number): ClaimOutcome {
  const { workspace, claim } = edit;
  const experiment = commit.experiment(workspace, edit.experiment, nowMs);
  if (experiment === undefined) return "experiment_not_found";
  const trace = commit.trace(workspace, claim.traceId);
  if (trace.sealed) return "sealed_trace";
  const arriving = { claim, experiment };
  if (trace.claim === undefined || claimReplaces(trace.claim, arriving)) {
    commit.annotate(trace, { claim: arriving });
    commit.count("trace_claimed");
  }
  return "stored";
}

function applyTags(commit: Commit, { workspace, traceId, edits }: EditOf<"tags">): TagsOutcome {
  const trace = commit.find(workspace, traceId);
  if (trace === undefined) return "trace_not_found";
  const tagEdits = { ...trace.tagEdits, ...edits };
  if (Object.keys(tagEdits).length > EDITED_TAGS_MAX) return "too_many_tags";
  commit.annotate(trace, { tagEdits });
  return "edited";
}

function applyDeletion(commit: Commit, edit: EditOf<"deletion">): DeletionOutcome {
  const { workspace, experimentId, which, limit } = edit;
  if (!commit.hasExperiment(workspace, experimentId)) return { kind: "experiment_not_found" };
  const found =
    which.kind === "until"
      ? commit.ownedUntil(experimentId, which.startNsMax, limit)
      : [...new Set(which.traceIds)].flatMap((traceId) => commit.find(workspace, traceId) ?? []);
  const owned = found.filter((trace) => trace.experimentId === experimentId).slice(0, limit);
  const traces = removeFirst(commit, owned);
  return {
    kind: "deleted",
    traces,
    isMore: traces < owned.length || (which.kind === "until" && found.length >= limit),
  };
}

function applyTrim(commit: Commit, { workspace, experimentId, kept, limit }: EditOf<"trim">): readonly TrimReason[] {
  const oldest = commit.oldest(workspace, experimentId, limit);
  const reasons = trimReasonsOf(oldest, commit.sizeOf(workspace, experimentId), kept);
  return reasons.slice(0, removeFirst(commit, oldest.slice(0, reasons.length)));
}

/**
 * In so many pieces the traces are stored that one transaction removes, but each request always removes one: others
 * wait meanwhile, some 20 ms.
 */
const REMOVED_PIECES_MAX = 1_000;

/** Removes the first of some traces: not more than others can wait for. Returns how many. */
function removeFirst(commit: Commit, traces: readonly WorkingTrace[]): number {
  let removed = 0;
  for (const trace of traces) {
    if (removed > 0 && commit.removedPieces() + commit.piecesOf(trace) > REMOVED_PIECES_MAX) break;
    commit.remove(trace);
    removed += 1;
  }
  commit.count("trace_deleted", removed);
  return removed;
}

function applyExperiment(commit: Commit, { workspace, experiment }: EditOf<"experiment">, nowMs: number) {
  return commit.writeExperiment(workspace, experiment, nowMs);
}
