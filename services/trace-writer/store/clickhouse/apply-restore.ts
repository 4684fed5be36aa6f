import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import { conflictOf } from "../../core/spans/span-order.ts";
import type { NamedExperiment, StoredSpanRow } from "../../core/spans/span-row.ts";
import { claimReplaces } from "../../core/traces/trace-claim.ts";
import { EDITED_TAGS_MAX } from "../../core/traces/trace-tags.ts";
import type { ExperimentConflict } from "../trace-moves.ts";
import type { WholeBatch, WholeExperiment, WholeTrace } from "../whole-trace.ts";
import { noteEstranged } from "./apply-write.ts";
import type { TwinLink } from "./fact.ts";
import { traceKeyOf } from "./trace-key.ts";
import type { Work } from "./work.ts";
import { type WorkingTrace, withExperiment } from "./working-trace.ts";

/** Keeps traces of another store as facts, as `TraceMoves.restoreTraces` says. */
export function applyRestore(work: Work, traces: readonly WholeTrace[]): void {
  for (const whole of traces) {
    const trace = work.trace(whole.workspace, whole.traceId);
    // What was begun before may have ended before lists knew of it.
    trace.isRevised = true;
    trace.isRestored = true;
    if (whole.full === undefined) restoreOpen(work, trace, whole);
    else restoreFull(work, trace, whole, whole.full);
    restoreTags(trace, whole);
  }
}

/** Keeps experiments of another store, or returns those that cannot be kept, as `TraceMoves.restoreExperiments` says. */
export function applyRestoreExperiments(
  { experiments }: Work,
  asked: readonly WholeExperiment[],
): readonly ExperimentConflict[] {
  const conflicts = asked.flatMap((experiment) => {
    const { workspace, id, name } = experiment;
    const [same, named] = [experiments.byId(id), experiments.find(workspace, { $case: "name", value: name })];
    const there = [same, named].find((rival) => rival !== undefined && (rival !== named || named !== same));
    return there === undefined ? [] : [{ experiment, there }];
  });
  if (conflicts.length === 0) for (const experiment of asked) experiments.restore(experiment);
  return conflicts;
}

function restoreOpen(work: Work, trace: WorkingTrace, { batches, claim, traceId }: WholeTrace): void {
  if (trace.state.sealed) return;
  for (const batch of batches) restoreBatch(work, trace, batch);
  if (claim === undefined) return;
  const experiment = namedIn(work, claim.experiment);
  const arriving = { claim: claim.claim, experiment };
  if (trace.state.claim !== undefined && !claimReplaces(trace.state.claim, arriving)) return;
  const idBytes = TraceClaim.encode(claim.claim).finish();
  trace.add({ content: { kind: "claim", claim: arriving }, experiment, idBytes }, traceId);
}

/** A mirror is a fact of its own where its full trace is there, or is about to be. */
function restoreBatch(work: Work, trace: WorkingTrace, batch: WholeBatch): void {
  const { state } = trace;
  const experiment = batch.experiment && namedIn(work, batch.experiment);
  const rows = batch.rows.map((row) => row && { ...row, experiment });
  if (batch.full !== undefined) {
    const isThere = state.holdsGatewaySpan(rows.flatMap((row) => row?.spanId ?? []));
    if (!isThere) {
      trace.add({ content: { kind: "mirror", rows, full: batch.full }, experiment, bytes: batch.bytes }, state.traceId);
    }
    return;
  }
  const counting = rows.map((row) =>
    row !== undefined && counts(state.rows.get(row.spanId)?.row, row) ? row : undefined,
  );
  if (counting.every((row) => row === undefined)) return;
  trace.add({ content: { kind: "spans", rows: counting }, experiment, bytes: batch.bytes }, state.traceId);
}

function counts(there: StoredSpanRow | undefined, arriving: StoredSpanRow): boolean {
  return there === undefined || conflictOf(there, arriving) === "replaces";
}

function restoreFull(
  work: Work,
  trace: WorkingTrace,
  { workspace, traceId, batches }: WholeTrace,
  { hash, metadata, payload, mirror: told }: NonNullable<WholeTrace["full"]>,
): void {
  const [batch] = batches;
  if (trace.state.sealed || batch === undefined) return;
  const experiment = batch.experiment && namedIn(work, batch.experiment);
  const mirror = told && isHeld(work, { workspace, traceId }, told) ? told : undefined;
  const rows = batch.rows.flatMap((row) => row ?? []);
  trace.add(
    {
      content: { kind: "full", rows: withExperiment(rows, experiment), hash, metadata, mirror },
      experiment,
      bytes: batch.bytes,
      payload,
    },
    mirror?.traceId ?? traceId,
  );
  noteEstranged(work, trace);
}

/** Where the mirror has not been let in, or is gone, there is no link. */
function isHeld(work: Work, full: { workspace: string; traceId: string }, mirror: TwinLink): boolean {
  return work.trace(mirror.workspace, mirror.traceId).state.links.has(traceKeyOf(full));
}

function restoreTags(trace: WorkingTrace, { traceId, tagEdits }: WholeTrace): void {
  const there = trace.state.tagEdits;
  const room = EDITED_TAGS_MAX - Object.keys(there).length;
  const missing = Object.entries(tagEdits).filter(([key]) => !Object.hasOwn(there, key));
  if (missing.length === 0 || room <= 0) return;
  trace.add({ content: { kind: "tags", edits: Object.fromEntries(missing.slice(0, room)) } }, traceId);
}

function namedIn({ experiments }: Work, { id }: NamedExperiment): NamedExperiment {
  const found = experiments.byId(id);
  if (found === undefined) throw new Error("an experiment must be restored before what was sent with it");
  return { id, name: found.name };
}
