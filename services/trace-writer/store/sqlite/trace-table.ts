import type { DatabaseSync } from "node:sqlite";
import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { LINKED_MAX, type TraceSummary } from "../../core/trace-summary.ts";
import { hexIn, idBytes, integerIn, optionalIntegerIn, optionalTextIn, type Row, textIn } from "./columns.ts";

/** A trace, but for its spans. */
export interface TraceRow {
  readonly ref: bigint;
  readonly traceId: string;
  readonly sealed: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of a full trace: the digest of what was stored first. */
  readonly recordHash: string | undefined;
  /** Undefined: pending. */
  readonly experimentId: bigint | undefined;
  /** Whether it has been summed up, that is, whether readers have seen it. */
  readonly summed: boolean;
  /** Whether it was made by the call that returned it, and so has nothing in it. */
  readonly fresh: boolean;
}

/** The traces of an open file, and the links between full traces and mirrors, as a writer uses them. */
export interface TraceTable {
  find(workspace: string, traceId: string): TraceRow | undefined;
  /** The trace, which is made when missing. */
  obtain(workspace: string, traceId: string): TraceRow;
  byRef(ref: bigint): TraceRow | undefined;
  /** Makes it a full trace. */
  seal(ref: bigint, metadata: Readonly<Record<string, string>>, recordHash: string): void;
  /** Stores what lists show. */
  sum(ref: bigint, summary: TraceSummary): void;
  link(fullRef: bigint, mirrorRef: bigint, spanId: string, startNs: bigint): void;
  /** Removes the links to mirrors within a trace. Returns the full traces that had them. */
  unlinkMirrorsIn(mirrorRef: bigint): readonly bigint[];
  /** The traces that hold the other twins, by time. */
  linkedTo(ref: bigint): readonly string[];
}

/** The table of traces. */
export function openTraceTable(db: DatabaseSync): TraceTable {
  const columns = "ref, trace_id, sealed, metadata, record_hash, experiment_id, length(info) > 0 AS summed";
  const byId = db.prepare(`SELECT ${columns} FROM traces WHERE workspace = ? AND trace_id = ?`);
  const byRef = db.prepare(`SELECT ${columns} FROM traces WHERE ref = ?`);
  const insert = db.prepare(`INSERT INTO traces (workspace, trace_id) VALUES (?, ?) RETURNING ${columns}`);
  const seal = db.prepare("UPDATE traces SET sealed = 1, metadata = ?, record_hash = ? WHERE ref = ?");
  const sum = db.prepare("UPDATE traces SET experiment_id = ?, start_ns = ?, info = ? WHERE ref = ?");
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
  const find = (workspace: string, traceId: string) => {
    const found = byId.get(workspace, idBytes(traceId));
    return found && traceRowIn(found);
  };
  return {
    find,
    obtain(workspace, traceId) {
      const found = find(workspace, traceId);
      if (found !== undefined) return found;
      const inserted = insert.get(workspace, idBytes(traceId));
      if (inserted === undefined) throw new Error("INSERT … RETURNING returned no row");
      return { ...traceRowIn(inserted), fresh: true };
    },
    byRef(ref) {
      const found = byRef.get(ref);
      return found && traceRowIn(found);
    },
    seal: (ref, metadata, recordHash) => void seal.run(JSON.stringify(metadata), recordHash, ref),
    sum: (ref, { info, experiment }) =>
      void sum.run(experiment?.id ?? null, info.startTimeUnixNano, TraceInfo.encode(info).finish(), ref),
    link: (fullRef, mirrorRef, spanId, startNs) => void link.run(fullRef, mirrorRef, idBytes(spanId), startNs),
    unlinkMirrorsIn: (mirrorRef) => unlink.all(mirrorRef).map((row) => integerIn(row, "full_ref")),
    linkedTo: (ref) => linked.all(ref).map((row) => hexIn(row, "trace_id")),
  };
}

function traceRowIn(row: Row): TraceRow {
  return {
    ref: integerIn(row, "ref"),
    traceId: hexIn(row, "trace_id"),
    sealed: integerIn(row, "sealed") === 1n,
    metadata: textsOf(JSON.parse(textIn(row, "metadata"))),
    recordHash: optionalTextIn(row, "record_hash"),
    experimentId: optionalIntegerIn(row, "experiment_id"),
    summed: integerIn(row, "summed") === 1n,
    fresh: false,
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])),
  );
}
