import type { DatabaseSync } from "node:sqlite";
import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { StoredClaim } from "../../core/traces/trace-claim.ts";
import { LINKED_MAX, type TraceSummary } from "../../core/traces/trace-summary.ts";
import type { TagEdits } from "../../core/traces/trace-tags.ts";
import { bytesIn, hexIn, idBytes, integerIn, optionalIntegerIn, optionalTextIn, type Row, textIn } from "../columns.ts";
import type { SizeTable, TraceTable } from "../commit/tables.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import type { BlockPlace } from "./block-table.ts";
import type { ChangedHours } from "./changed-hours.ts";
import { facetIdsIn, openFacetTable } from "./facet-table.ts";
import { bareInfoIn, INFO_COLUMNS, storedInfoOf } from "./trace-info.ts";

/** The traces of an open file. `begin` must be called when a transaction has begun. */
export interface SqliteTraceTable extends Omit<TraceTable, "update"> {
  begin(): void;
  /** As that of {@link TraceTable}. `previews` is where its previews are. Undefined: they are stored with what lists show. */
  update(trace: WorkingTrace, summary: TraceSummary, previews: BlockPlace | undefined): void;
  /** The number of the transaction at hand, which is a higher one than those of all before it. */
  commit(): bigint;
  /** Forgets what it took to be stored: a transaction was rolled back, or another process has written. */
  forget(): void;
}

/** What {@link traceIn} reads. */
export const SELECT_TRACE = `
  SELECT workspace, record_hash, bytes, facets, tag_edits, claim, claim_experiment_id,
    (SELECT name FROM experiments WHERE id = claim_experiment_id) AS claim_experiment_name, ${INFO_COLUMNS}
  FROM traces t`;

/** The table of traces. It notes what experiments hold in `sizes`, and when that changed in `hours`. */
export function openTraceTable(db: DatabaseSync, sizes: SizeTable, hours: ChangedHours): SqliteTraceTable {
  const facets = openFacetTable(db);
  const byId = db.prepare(`${SELECT_TRACE} WHERE workspace = ? AND trace_id = ?`);
  const byRef = db.prepare(`${SELECT_TRACE} WHERE ref = ?`);
  const lastRef = db.prepare("SELECT coalesce(max(ref), 0) AS ref FROM traces");
  const update = db.prepare(`
    UPDATE traces SET sealed = ?, record_hash = ?, experiment_id = ?, start_ns = ?, duration_ns = ?,
      state = ?, name = ?, bytes = ?, facets = ?, info = ?, changed = ? WHERE ref = ?`);
  const insert = db.prepare(`
    INSERT INTO traces (sealed, record_hash, experiment_id, start_ns, duration_ns, state, name, bytes, facets, info, changed,
      ref, workspace, trace_id, claim, claim_experiment_id, tag_edits)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  /** Those that are inserted once they are summed up: so a trace is written once. */
  const added = new Set<bigint>();
  let ref: bigint | undefined;
  const nextCommit = db.prepare("UPDATE commits SET last = last + 1 RETURNING last");
  let number: bigint | undefined;
  const commit = () => {
    number ??= integerIn(nextCommit.get() ?? {}, "last");
    return number;
  };
  const annotate = db.prepare("UPDATE traces SET claim = ?, claim_experiment_id = ?, tag_edits = ? WHERE ref = ?");
  const ownedUntil = db.prepare(
    "SELECT ref FROM traces WHERE experiment_id = ? AND start_ns <= ? ORDER BY start_ns, trace_id DESC LIMIT ?",
  );
  const oldestOwned = db.prepare(
    "SELECT ref FROM traces WHERE experiment_id = ? ORDER BY start_ns, trace_id DESC LIMIT ?",
  );
  const oldestPending = db.prepare(`
    SELECT ref FROM traces WHERE workspace = ? AND experiment_id IS NULL AND start_ns > 0
    ORDER BY start_ns, trace_id DESC LIMIT ?`);
  const remove = db.prepare("DELETE FROM traces WHERE ref = ?");
  const unlinkFull = db.prepare("DELETE FROM mirror_links WHERE full_ref = ? RETURNING mirror_ref");
  const link = db.prepare("INSERT INTO mirror_links (full_ref, mirror_ref, span_id, start_ns) VALUES (?, ?, ?, ?)");
  const unlink = db.prepare("DELETE FROM mirror_links WHERE mirror_ref = ? RETURNING full_ref");
  const linked = db.prepare(`
    SELECT trace_id, start_ns AS at FROM (
      SELECT traces.trace_id, mirror_links.start_ns FROM mirror_links JOIN traces ON traces.ref = mirror_links.full_ref
        WHERE mirror_links.mirror_ref = ?1
      UNION ALL
      SELECT traces.trace_id, mirror_links.start_ns FROM mirror_links JOIN traces ON traces.ref = mirror_links.mirror_ref
        WHERE mirror_links.full_ref = ?1
    ) ORDER BY at, trace_id LIMIT ${LINKED_MAX}`);
  const uncount = ({ workspace, experimentId, startNs, countedBytes }: WorkingTrace) => {
    if (startNs > 0n) sizes.note(workspace, experimentId, -1n, -countedBytes);
    hours.note(experimentId, startNs);
  };
  const unlinkMirrorsIn = (mirrorRef: bigint) => unlink.all(mirrorRef).map((row) => integerIn(row, "full_ref"));
  return {
    begin() {
      number = undefined;
      ref = undefined;
    },
    commit,
    find(workspace, traceId) {
      const found = byId.get(workspace, idBytes(traceId));
      return found && traceIn(found);
    },
    insert(workspace, traceId) {
      ref = (ref ?? integerIn(lastRef.get() ?? {}, "ref")) + 1n;
      added.add(ref);
      return {
        ref,
        workspace,
        traceId,
        sealed: false,
        metadata: {},
        recordHash: undefined,
        claim: undefined,
        tagEdits: {},
        experimentId: undefined,
        startNs: 0n,
        bytes: 0n,
        countedBytes: 0n,
        facetIds: [],
        known: { rows: [], linkedTraceIds: [] },
        changed: false,
      };
    },
    byRef(ref) {
      const found = byRef.get(ref);
      return found && traceIn(found);
    },
    update(trace, summary, previews) {
      const { ref, workspace, traceId, sealed, recordHash, tagEdits } = trace;
      const { info, experiment } = summary;
      const facetIds = facets.store(trace, summary);
      uncount(trace);
      sizes.note(trace.workspace, experiment?.id, 1n, trace.bytes);
      hours.note(experiment?.id, info.startTimeUnixNano);
      const values = [
        sealed ? 1 : 0,
        recordHash ?? null,
        experiment?.id ?? null,
        info.startTimeUnixNano,
        info.durationNanos,
        info.state,
        info.name,
        trace.bytes,
        `[${facetIds.join()}]`,
        storedInfoOf(info, previews),
        commit(),
        ref,
      ];
      if (!added.delete(ref)) update.run(...values);
      else {
        const edits = Object.keys(tagEdits).length === 0 ? null : JSON.stringify(tagEdits);
        insert.run(...values, workspace, idBytes(traceId), ...claimValuesOf(trace), edits);
      }
    },
    annotate(trace) {
      const { ref, tagEdits } = trace;
      if (!added.has(ref)) annotate.run(...claimValuesOf(trace), JSON.stringify(tagEdits), ref);
    },
    ownedUntil: (experimentId, startNsMax, limit) =>
      ownedUntil.all(experimentId, startNsMax, limit).map((row) => integerIn(row, "ref")),
    oldest(workspace, experimentId, limit) {
      const found =
        experimentId === undefined ? oldestPending.all(workspace, limit) : oldestOwned.all(experimentId, limit);
      return found.map((row) => integerIn(row, "ref"));
    },
    remove(trace) {
      const { ref } = trace;
      uncount(trace);
      facets.remove(trace);
      const linked = [...unlinkMirrorsIn(ref), ...unlinkFull.all(ref).map((row) => integerIn(row, "mirror_ref"))];
      if (!added.delete(ref)) remove.run(ref);
      return linked;
    },
    link: (fullRef, mirrorRef, spanId, startNs) => void link.run(fullRef, mirrorRef, idBytes(spanId), startNs),
    unlinkMirrorsIn,
    forget() {
      facets.forget();
      added.clear();
    },
    linkedTo: (ref) => linked.all(ref).map((row) => hexIn(row, "trace_id")),
  };
}

function claimValuesOf({ claim }: WorkingTrace): readonly [Uint8Array | null, bigint | null] {
  return claim === undefined ? [null, null] : [TraceClaim.encode(claim.claim).finish(), claim.experiment.id];
}

/** A trace as it is stored, of a row of {@link SELECT_TRACE}. */
export function traceIn(row: Row): WorkingTrace {
  const sealed = integerIn(row, "sealed") === 1n;
  return {
    ref: integerIn(row, "ref"),
    workspace: textIn(row, "workspace"),
    traceId: hexIn(row, "trace_id"),
    sealed,
    // What lists show has the record's, and beside it nothing that is not added again.
    metadata: sealed ? bareInfoIn(row).metadata : {},
    recordHash: optionalTextIn(row, "record_hash"),
    claim: claimIn(row),
    tagEdits: editsOf(JSON.parse(optionalTextIn(row, "tag_edits") ?? "{}")),
    experimentId: optionalIntegerIn(row, "experiment_id"),
    startNs: integerIn(row, "start_ns"),
    bytes: integerIn(row, "bytes"),
    countedBytes: integerIn(row, "bytes"),
    facetIds: facetIdsIn(row),
    known: undefined,
    changed: false,
  };
}

function claimIn(row: Row): StoredClaim | undefined {
  const id = optionalIntegerIn(row, "claim_experiment_id");
  if (id === undefined) return undefined;
  return {
    claim: TraceClaim.decode(bytesIn(row, "claim")),
    experiment: { id, name: textIn(row, "claim_experiment_name") },
  };
}

function editsOf(value: unknown): TagEdits {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, edit]) => (typeof edit === "string" || edit === null ? [[key, edit]] : [])),
  );
}
