import type { StoredSize } from "../../core/retention/retention.ts";
import type { NamedExperiment } from "../../core/spans/span-row.ts";
import { bytesIn, hexIn, integerIn, type Row, textIn } from "../columns.ts";
import { ownRetentionIn } from "../experiment-settings.ts";
import { unpack } from "../packing.ts";
import { placedRowOf } from "../stored-rows.ts";
import { pageLengthOf, type TraceDump } from "../trace-moves.ts";
import {
  mirrorGatewayIn,
  rowsAt,
  type TwinName,
  type WholeBatch,
  type WholeExperiment,
  type WholeTrace,
} from "../whole-trace.ts";
import { bigints } from "./arrays.ts";
import type { Connection } from "./database.ts";
import { dumpExperimentRows } from "./experiment-rows.ts";
import type { HeldTrace } from "./held-trace.ts";
import { readChunks } from "./reader.ts";
import { storedSpansIn } from "./span-packing.ts";
import { HELD_COLUMNS, heldTraceIn, uuidIn } from "./trace-rows.ts";

const POSITION = /^([01])-(\d{1,18})$/;
const COLUMNS = `${HELD_COLUMNS}, (SELECT m.workspace FROM traces m WHERE m.ref = t.mirror_ref) AS mirror_workspace`;

/**
 * A page of traces, as `TraceMoves.dumpTraces` says, over a connection that sees one moment. A position is whether full
 * traces are read, and a trace.
 */
export async function dumpTraces(connection: Connection, after: string | undefined, limit: number): Promise<TraceDump> {
  const [, phase = "0", last = "0"] = POSITION.exec(after ?? "") ?? [];
  const found = await connection.rows(
    `SELECT ${COLUMNS} FROM traces t WHERE t.ref > $1 AND t.sealed = $2 ORDER BY t.ref LIMIT $3`,
    [last, phase === "1", limit],
  );
  const page = found.slice(0, pageLengthOf(found.map((row) => integerIn(row, "bytes"))));
  const end = page.at(-1);
  if (end === undefined) return { traces: [], next: phase === "0" ? "1-0" : undefined };
  const chunks = await readBatches(connection, page);
  const traces = page.map((row): WholeTrace => {
    const trace = heldTraceIn(row);
    const { workspace, traceId, claim, tagEdits } = trace;
    const own = chunks.get(trace.ref) ?? [];
    const full = trace.sealed
      ? fullOf(trace, row, own.find(({ payload }) => payload !== undefined)?.payload)
      : undefined;
    return { workspace, traceId, full, batches: own.map(({ batch }) => batch), claim, tagEdits };
  });
  return { traces, next: `${phase}-${integerIn(end, "ref")}` };
}

/** Experiments, as `TraceMoves.dumpExperiments` says. */
export async function dumpExperiments(
  connection: Connection,
  after: bigint,
  limit: number,
): Promise<readonly WholeExperiment[]> {
  const rows = await dumpExperimentRows(connection, after, limit);
  return rows.map((row) => ({
    workspace: textIn(row, "workspace"),
    id: integerIn(row, "id"),
    name: textIn(row, "name"),
    createdMs: Number(integerIn(row, "created_ms")),
    updatedMs: Number(integerIn(row, "updated_ms")),
    ownRetention: ownRetentionIn(bytesIn(row, "settings")),
  }));
}

/** What all traces are and take together. */
export async function sizeOfAll(connection: Connection): Promise<StoredSize> {
  const [all = {}] = await connection.rows(
    "SELECT coalesce(sum(traces), 0)::bigint AS traces, coalesce(sum(bytes), 0)::bigint AS bytes FROM experiment_sizes",
  );
  return { traces: integerIn(all, "traces"), bytes: integerIn(all, "bytes") };
}

interface ReadBatch {
  readonly batch: WholeBatch;
  readonly payload: Uint8Array | undefined;
}

async function readBatches(connection: Connection, page: readonly Row[]): Promise<ReadonlyMap<bigint, ReadBatch[]>> {
  const rows = await readChunks(connection, page, "spans, payload");
  const stored = rows.map((row) => ({ row, spans: storedSpansIn(bytesIn(row, "rows")) }));
  const experiments = await namesOf(
    connection,
    stored.flatMap(({ spans }) => spans.flatMap(({ experimentId }) => experimentId ?? [])),
  );
  const fulls = await fullsOf(connection, page);
  const read = stored.map(({ row, spans }): ReadBatch & { readonly ref: bigint } => {
    const placed = spans.map((span) => placedRowOf(span, (id) => experiments.get(id)));
    const rowsOfBatch = rowsAt(placed.map(({ row: { experiment: _, ...own }, position }) => ({ row: own, position })));
    const gateway = mirrorGatewayIn({ rows: rowsOfBatch });
    return {
      ref: integerIn(row, "trace_ref"),
      batch: {
        experiment: placed[0]?.row.experiment,
        rows: rowsOfBatch,
        bytes: unpack(bytesIn(row, "spans")),
        full: gateway && fulls.get(`${integerIn(row, "trace_ref")} ${gateway.spanId}`),
      },
      payload: row["payload"] instanceof Uint8Array ? unpack(row["payload"]) : undefined,
    };
  });
  return Map.groupBy(read, ({ ref }) => ref);
}

async function namesOf(connection: Connection, ids: readonly bigint[]): Promise<ReadonlyMap<bigint, NamedExperiment>> {
  const rows = await connection.rows("SELECT id, name FROM experiments WHERE id = ANY($1::bigint[])", [
    bigints([...new Set(ids)]),
  ]);
  return new Map(rows.map((row) => [integerIn(row, "id"), { id: integerIn(row, "id"), name: textIn(row, "name") }]));
}

/** The full traces whose mirrors these traces hold, by the trace and the gateway span. */
async function fullsOf(connection: Connection, page: readonly Row[]): Promise<ReadonlyMap<string, TwinName>> {
  const rows = await connection.rows(
    "SELECT mirror_ref, mirror_span, workspace, trace_id FROM traces WHERE mirror_ref = ANY($1::bigint[])",
    [bigints(page.map((row) => integerIn(row, "ref")))],
  );
  return new Map(
    rows.map((row) => [
      `${integerIn(row, "mirror_ref")} ${hexIn(row, "mirror_span")}`,
      { workspace: textIn(row, "workspace"), traceId: uuidIn(row, "trace_id") },
    ]),
  );
}

function fullOf(
  { recordHash = "", metadata, mirror }: HeldTrace,
  row: Row,
  payload: Uint8Array | undefined,
): WholeTrace["full"] {
  const { traceId = "", spanId = "", startNs = 0n } = mirror ?? {};
  const link = mirror && { workspace: textIn(row, "mirror_workspace"), traceId, spanId, startNs };
  return { hash: recordHash, metadata, payload, mirror: link };
}
