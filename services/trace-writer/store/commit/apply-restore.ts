import type { NamedExperiment } from "../../core/spans/span-row.ts";
import { claimReplaces } from "../../core/traces/trace-claim.ts";
import { EDITED_TAGS_MAX } from "../../core/traces/trace-tags.ts";
import type { ExperimentConflict } from "../trace-moves.ts";
import {
  mirrorGatewayIn,
  type TwinPlace,
  type WholeBatch,
  type WholeExperiment,
  type WholeTrace,
} from "../whole-trace.ts";
import type { Commit } from "./commit.ts";
import type { WorkingTrace } from "./working-trace.ts";

/** Keeps traces of another store, within the transaction at hand, as `TraceMoves.restoreTraces` says. */
export function applyRestore(commit: Commit, traces: readonly WholeTrace[], nowMs: number): void {
  for (const whole of traces) {
    const trace = commit.trace(whole.workspace, whole.traceId);
    commit.isRestored(trace);
    if (whole.full === undefined) restoreOpen(commit, trace, whole, nowMs);
    else restoreFull(commit, trace, whole, whole.full, nowMs);
    restoreTags(commit, trace, whole);
  }
}

/**
 * Keeps experiments of another store. Returns those that cannot be kept; they are looked for before anything is
 * written, so that nothing is where there is one.
 */
export function applyRestoreExperiments(
  commit: Commit,
  experiments: readonly WholeExperiment[],
): readonly ExperimentConflict[] {
  const conflicts = experiments.flatMap((experiment) => {
    const there = commit.inTheWayOf(experiment);
    return there === undefined ? [] : [{ experiment, there }];
  });
  if (conflicts.length === 0) for (const experiment of experiments) commit.restoreExperiment(experiment);
  return conflicts;
}

function restoreOpen(commit: Commit, trace: WorkingTrace, { batches, claim }: WholeTrace, nowMs: number): void {
  if (trace.sealed) return;
  for (const batch of batches) {
    // A mirror is stored as a whole, or not at all.
    const isThere = mirrorGatewayIn(batch) !== undefined && commit.holdsMirrorSpan(trace, batch.rows);
    if (!isThere) commit.storeSpans(trace, batch, namedIn(commit, trace, batch.experiment, nowMs), NO_LIMIT);
  }
  const experiment = namedIn(commit, trace, claim?.experiment, nowMs);
  if (claim === undefined || experiment === undefined) return;
  const arriving = { claim: claim.claim, experiment };
  if (trace.claim === undefined || claimReplaces(trace.claim, arriving)) commit.annotate(trace, { claim: arriving });
}

function restoreFull(
  commit: Commit,
  trace: WorkingTrace,
  { batches }: WholeTrace,
  { hash, metadata, payload, mirror }: NonNullable<WholeTrace["full"]>,
  nowMs: number,
): void {
  if (trace.sealed) return;
  commit.seal(trace, metadata, hash);
  for (const batch of batches) {
    commit.storeSpans(trace, batch, namedIn(commit, trace, batch.experiment, nowMs), NO_LIMIT);
  }
  if (payload !== undefined) commit.storePayload(trace, payload);
  if (mirror !== undefined) restoreLink(commit, trace, mirror);
}

/** Where the mirror has not been let in, or is gone, there is no link. */
function restoreLink(commit: Commit, full: WorkingTrace, { workspace, traceId, ...gateway }: TwinPlace): void {
  const trace = commit.find(workspace, traceId);
  if (trace === undefined || trace.sealed || !commit.holdsMirrorSpan(trace, [gateway])) return;
  commit.link(full, trace, gateway);
  commit.isRestored(trace);
  trace.changed = true;
}

function restoreTags(commit: Commit, trace: WorkingTrace, { tagEdits }: WholeTrace): void {
  const room = EDITED_TAGS_MAX - Object.keys(trace.tagEdits).length;
  const missing = Object.entries(tagEdits).filter(([key]) => !Object.hasOwn(trace.tagEdits, key));
  if (missing.length === 0 || room <= 0) return;
  commit.annotate(trace, { tagEdits: { ...Object.fromEntries(missing.slice(0, room)), ...trace.tagEdits } });
}

function namedIn(
  commit: Commit,
  { workspace }: WorkingTrace,
  experiment: WholeBatch["experiment"],
  nowMs: number,
): NamedExperiment | undefined {
  if (experiment === undefined) return undefined;
  const found = commit.experiment(workspace, { $case: "id", value: experiment.id.toString() }, nowMs);
  if (found === undefined) throw new Error("an experiment must be restored before what was sent with it");
  return found;
}

/** They were let in already. */
const NO_LIMIT = Number.POSITIVE_INFINITY;
