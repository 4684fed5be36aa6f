import type { StoredSize } from "../../core/retention/retention.ts";
import { pageLengthOf, type TraceDump } from "../trace-moves.ts";
import { mirrorGatewayIn, rowsAt, type WholeBatch, type WholeExperiment, type WholeTrace } from "../whole-trace.ts";
import type { Connection } from "./connection.ts";
import type { StoredExperiment } from "./experiment-table.ts";
import type { ChunkBytes, FactTable } from "./fact-table.ts";
import type { ListingTable } from "./listing-table.ts";
import type { Tables } from "./open-tables.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";
import type { TraceState } from "./trace-state.ts";

/** A position is whether full traces are read, and a trace: its workspace in hex digits, and its id. */
const POSITION = /^([01])-(?:((?:[0-9a-f]{2})*)\.([0-9a-f]{32}))?$/;

/** Reads pages of traces, as `TraceMoves.dumpTraces` says: in the order of the table of facts, which is read twice. */
export async function dumpTraces(
  connection: Connection,
  facts: FactTable,
  after: string | undefined,
  limit: number,
): Promise<TraceDump> {
  const [, phase = "0", workspace = "", traceId] = POSITION.exec(after ?? "0-") ?? [];
  const behind = traceId === undefined ? undefined : { workspace: Buffer.from(workspace, "hex").toString(), traceId };
  const found = await traceIdsBehind(connection, behind, limit);
  const states = await facts.states(found);
  const all = found.map((trace) => states.get(traceKeyOf(trace)));
  const wanted = (state: TraceState | undefined) => state?.exists === true && state.sealed === (phase === "1");
  const length = pageLengthOf(all.map((state) => (state !== undefined && wanted(state) ? state.storedBytes : 0n)));
  const page = all.slice(0, length).flatMap((state) => (state !== undefined && wanted(state) ? state : []));
  const bytes = await facts.bytesOfAll(page, true);
  const traces = page.map((state) => wholeOf(state, bytes.get(traceKeyOf(state)) ?? new Map()));
  const last = found[length - 1];
  if (last === undefined) return { traces, next: phase === "0" ? "1-" : undefined };
  return { traces, next: `${phase}-${Buffer.from(last.workspace).toString("hex")}.${last.traceId}` };
}

/** Experiments, as `TraceMoves.dumpExperiments` says. */
export async function dumpExperiments(
  { experiments, listings }: Pick<Tables, "experiments" | "listings">,
  after: bigint,
  limit: number,
): Promise<readonly WholeExperiment[]> {
  const all = (await experiments.read()).all().filter(({ id }) => id > after);
  const page = all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  const changed = await changesOf(listings, page);
  return page.map(({ workspace, id, name, createdMs, ownRetention }) => {
    const created = Number(createdMs);
    return {
      workspace,
      id,
      name,
      createdMs: created,
      updatedMs: Math.max(created, changed.get(id) ?? 0),
      ownRetention,
    };
  });
}

/** What all traces are and take together. */
export async function sizeOfAll(connection: Connection): Promise<StoredSize> {
  const [size = { traces: 0n, bytes: 0n }] = await connection.query(
    "SELECT count(), sum(stored_bytes) FROM traces FINAL",
    {},
    (reader) => ({ traces: reader.uint64(), bytes: reader.uint64() }),
  );
  return size;
}

async function changesOf(
  listings: ListingTable,
  experiments: readonly StoredExperiment[],
): Promise<ReadonlyMap<bigint, number>> {
  const byWorkspace = Map.groupBy(experiments, ({ workspace }) => workspace);
  const changed = new Map<bigint, number>();
  for (const [workspace, own] of byWorkspace) {
    const sizes = await listings.sizes(
      workspace,
      own.map(({ id }) => id),
    );
    for (const [id, { changedMs }] of sizes) changed.set(id, Number(changedMs));
  }
  return changed;
}

function traceIdsBehind(connection: Connection, after: TraceId | undefined, limit: number): Promise<TraceId[]> {
  const behind =
    after === undefined
      ? ""
      : "WHERE workspace >= {workspace:String} AND (workspace, trace_id) > ({workspace:String}, toFixedString(unhex({traceId:String}), 16))";
  return connection.query(
    `SELECT workspace, trace_id FROM facts ${behind} ORDER BY workspace, trace_id LIMIT 1 BY workspace, trace_id LIMIT {limit:UInt32}`,
    { ...(after ?? {}), limit },
    (reader) => ({ workspace: reader.text(), traceId: reader.id(16) }),
    { optimize_read_in_order: 1 },
  );
}

function wholeOf(state: TraceState, bytes: ReadonlyMap<bigint, ChunkBytes>): WholeTrace {
  const { workspace, traceId, claim, tagEdits } = state;
  const byChunk = Map.groupBy(state.rows.values(), ({ chunk }) => chunk);
  const batches = Array.from(byChunk, ([id, placed]): WholeBatch => {
    const rows = rowsAt(placed.map(({ row: { experiment: _, ...row }, position }) => ({ row, position })));
    const gateway = mirrorGatewayIn({ rows });
    const link = gateway && state.links.values().find(({ spanId }) => spanId === gateway.spanId);
    const kept = bytes.get(id);
    if (kept === undefined)
      throw new Error(`trace ${traceId} has a fact without bytes: has it been written to meanwhile?`);
    const full = link && { workspace: link.workspace, traceId: link.traceId };
    return { experiment: placed[0]?.row.experiment, rows, bytes: kept.bytes, full };
  });
  return { workspace, traceId, full: fullOf(state, bytes), batches, claim, tagEdits };
}

function fullOf(state: TraceState, bytes: ReadonlyMap<bigint, ChunkBytes>): WholeTrace["full"] {
  if (!state.sealed) return undefined;
  const { recordHash = "", metadata } = state;
  // What counts no more may still be there, with a payload of its own.
  const chunks = state.rows.values().map(({ chunk }) => bytes.get(chunk)?.payload);
  const payload = chunks.find((kept) => kept !== undefined && kept.length > 0);
  const [mirror] = state.links.values();
  return { hash: recordHash, metadata, payload, mirror };
}
