import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { LINKED_MAX } from "../../core/traces/trace-summary.ts";
import { bytesIn, integerIn, type Row } from "../columns.ts";
import type { KnownTraces } from "../commit/known-traces.ts";
import { placedRowOf } from "../stored-rows.ts";
import { bigints, integers, texts, uuids } from "./arrays.ts";
import type { Connection, Parameter } from "./database.ts";
import { type Held, type HeldTwin, oldestKeyOf, sizeKeyOf } from "./held.ts";
import { type HeldChunk, type HeldSpans, type HeldTrace, noSpans } from "./held-trace.ts";
import { type ExperimentLoader, startExperimentLoader } from "./load-experiments.ts";
import { storedSpansIn } from "./span-packing.ts";
import { keyOf, type Oldest, type Touched } from "./touched.ts";
import { HELD_COLUMNS, heldTraceIn, numberIn, uuidIn } from "./trace-rows.ts";

/** What is remembered of a trace's spans, and of which version of it. */
export interface KnownSpans {
  readonly version: number;
  readonly spans: HeldSpans;
}

/**
 * Reads all that writes may read or change, in a few statements, within the transaction at hand. The traces are locked,
 * in the order of their keys, until it ends: nobody else changes them meanwhile. What is not there yet is not locked:
 * who inserts it finds out.
 */
export async function load(
  connection: Connection,
  touched: Touched,
  ids: { readonly refs: bigint[]; readonly chunkIds: bigint[] },
  known: KnownTraces<KnownSpans>,
): Promise<Held> {
  const held: Loading = {
    traces: new Map(),
    byRef: new Map(),
    twins: new Map(),
    oldest: new Map(),
    sizes: new Map(),
    ...ids,
  };
  await lockNamed(connection, touched, held);
  for (const oldest of touched.oldest) await lockOldest(connection, oldest, held);
  const leaving = leavingOf(touched, held);
  const neighbours = new Set(await lockNeighbours(connection, leaving, held));
  const experiments = await startExperimentLoader(connection, touched.experiments.values());
  // Full traces do not change, but for their tags, and for their link when the mirror goes.
  const wanted = held.byRef
    .values()
    .filter((trace) => !trace.sealed || touched.edited.has(keyOf(trace)) || neighbours.has(trace));
  await loadSpans(connection, [...wanted], experiments, known);
  const open = held.byRef.values().filter(({ sealed }) => !sealed);
  await loadTwins(connection, [...open], LINKED_MAX + leaving.length, held);
  return { ...held, experiments: experiments.held };
}

type Loading = Omit<Held, "experiments" | "oldest" | "sizes"> & {
  readonly oldest: Map<string, readonly bigint[]>;
  readonly sizes: Map<string, { readonly traces: bigint; readonly bytes: bigint }>;
};

async function lockNamed(connection: Connection, { traces }: Touched, held: Loading): Promise<void> {
  if (traces.size === 0) return;
  const names = [...traces.values()];
  const condition =
    "(t.workspace, t.trace_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[])) ORDER BY t.workspace, t.trace_id";
  await lock(connection, held, condition, [
    texts(names.map(({ workspace }) => workspace)),
    uuids(names.map(({ traceId }) => traceId)),
  ]);
}

/**
 * Locks traces, and holds those that are new to it. They are read by a second statement: the first one, where it had to
 * wait, sees the traces as they are now, but whatever they name as it was before.
 */
async function lock(
  connection: Connection,
  held: Loading,
  condition: string,
  values: readonly Parameter[],
): Promise<readonly HeldTrace[]> {
  const locked = await connection.rows(`SELECT t.ref FROM traces t WHERE ${condition} FOR UPDATE OF t`, values);
  const refs = locked.map((row) => integerIn(row, "ref"));
  const unread = refs.filter((ref) => !held.byRef.has(ref));
  if (unread.length > 0) {
    const sql = `SELECT ${HELD_COLUMNS} FROM traces t WHERE t.ref = ANY($1::bigint[])`;
    for (const row of await connection.rows(sql, [bigints(unread)])) {
      const trace = heldTraceIn(row);
      held.byRef.set(trace.ref, trace);
      held.traces.set(keyOf(trace), trace);
    }
  }
  return refs.flatMap((ref) => held.byRef.get(ref) ?? []);
}

/** What an experiment holds is read when its oldest traces are locked: nobody else has deleted them by then. */
async function lockOldest(connection: Connection, oldest: Oldest, held: Loading): Promise<void> {
  const [condition, values] =
    oldest.kind === "until"
      ? ["t.experiment_id = $2 AND t.start_ns <= $3", [oldest.experimentId, oldest.startNsMax]]
      : oldest.experimentId === undefined
        ? ["t.workspace = $2 AND t.experiment_id IS NULL", [oldest.workspace]]
        : ["t.experiment_id = $2", [oldest.experimentId]];
  const ordered = `${condition} ORDER BY t.start_ns, t.trace_id DESC LIMIT $1`;
  const traces = await lock(connection, held, ordered, [oldest.limit, ...values]);
  held.oldest.set(
    oldestKeyOf(oldest),
    traces.map(({ ref }) => ref),
  );
  if (oldest.kind !== "trim") return;
  const { workspace, experimentId } = oldest;
  const [size = {}] = await connection.rows(
    `SELECT coalesce(sum(traces), 0)::bigint AS traces, coalesce(sum(bytes), 0)::bigint AS bytes FROM experiment_sizes
      WHERE workspace = $1 AND experiment_id = $2`,
    [workspace, experimentId ?? -1n],
  );
  held.sizes.set(sizeKeyOf(workspace, experimentId), {
    traces: integerIn(size, "traces"),
    bytes: integerIn(size, "bytes"),
  });
}

/** The traces that may be deleted, or evicted by a full trace: the links of others to them may go. */
function leavingOf({ deleted, sealed }: Touched, held: Loading): readonly HeldTrace[] {
  const oldest = new Set([...held.oldest.values()].flat());
  return [...held.byRef.values()].filter((trace) => {
    const key = keyOf(trace);
    return deleted.has(key) || oldest.has(trace.ref) || (sealed.has(key) && !trace.sealed);
  });
}

/** The traces at the other ends of the links of those that may go. */
async function lockNeighbours(
  connection: Connection,
  leaving: readonly HeldTrace[],
  held: Loading,
): Promise<readonly HeldTrace[]> {
  if (leaving.length === 0) return [];
  const condition = "t.mirror_ref = ANY($1::bigint[]) OR t.ref = ANY($2::bigint[]) ORDER BY t.workspace, t.trace_id";
  return lock(connection, held, condition, [
    bigints(leaving.map(({ ref }) => ref)),
    bigints(leaving.flatMap(({ mirror }) => mirror?.ref ?? [])),
  ]);
}

async function loadSpans(
  connection: Connection,
  traces: readonly HeldTrace[],
  experiments: ExperimentLoader,
  known: KnownTraces<KnownSpans>,
): Promise<void> {
  const toRead = new Map<bigint, HeldTrace>();
  for (const trace of traces) {
    const taken = known.take(trace.ref);
    if (taken?.version === trace.version) trace.spans = taken.spans;
    else toRead.set(trace.ref, trace);
  }
  for (const ref of await experiments.checkNames(traces)) {
    const trace = traces.find((one) => one.ref === ref);
    if (trace !== undefined) toRead.set(ref, trace);
  }
  if (toRead.size === 0) return;
  const days = new Set([...toRead.values()].flatMap((trace) => trace.days));
  const rows = await connection.rows(
    `SELECT day, trace_ref, id, rows, octet_length(spans) AS bytes FROM chunks
      WHERE day = ANY($1::integer[]) AND trace_ref = ANY($2::bigint[])`,
    [integers([...days]), bigints([...toRead.keys()])],
  );
  const stored = rows.map((row) => ({ row, spans: storedSpansIn(bytesIn(row, "rows")) }));
  await experiments.also(stored.flatMap(({ spans }) => spans.flatMap(({ experimentId }) => experimentId ?? [])));
  for (const trace of toRead.values()) trace.spans = noSpans();
  for (const { row, spans } of stored) {
    const trace = toRead.get(integerIn(row, "trace_ref"));
    if (trace?.spans !== undefined) addChunk(trace.spans, row, spans, experiments);
  }
}

function addChunk(held: HeldSpans, row: Row, stored: readonly StoredSpan[], experiments: ExperimentLoader): void {
  const chunk: HeldChunk = {
    id: integerIn(row, "id"),
    day: numberIn(row, "day"),
    rows: new Map(),
    bytes: numberIn(row, "bytes"),
    spans: undefined,
    payload: undefined,
    changed: false,
  };
  held.chunks.set(chunk.id, chunk);
  for (const each of stored) {
    const placed = placedRowOf(each, experiments.named);
    chunk.rows.set(placed.row.spanId, placed);
    held.byId.set(placed.row.spanId, { ...placed, chunk });
  }
}

/** The first by time of each trace: no more are told of it. */
async function loadTwins(
  connection: Connection,
  traces: readonly HeldTrace[],
  limit: number,
  held: Loading,
): Promise<void> {
  if (traces.length === 0) return;
  const rows = await connection.rows(
    `SELECT twin.* FROM unnest($1::bigint[]) AS held(ref) CROSS JOIN LATERAL (
      SELECT t.mirror_ref, t.ref, t.trace_id, t.mirror_start_ns FROM traces t WHERE t.mirror_ref = held.ref
      ORDER BY t.mirror_start_ns, t.trace_id LIMIT $2) twin`,
    [bigints(traces.map(({ ref }) => ref)), limit],
  );
  for (const row of rows) {
    const mirrorRef = integerIn(row, "mirror_ref");
    const twins: HeldTwin[] = held.twins.get(mirrorRef) ?? [];
    twins.push({
      ref: integerIn(row, "ref"),
      traceId: uuidIn(row, "trace_id"),
      startNs: integerIn(row, "mirror_start_ns"),
    });
    held.twins.set(mirrorRef, twins);
  }
}
