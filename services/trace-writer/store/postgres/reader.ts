import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceKey } from "../../core/search/page-token.ts";
import type { SpanOrigin } from "../../core/spans/span-row.ts";
import { storedSpansOf } from "../../core/traces/stored-spans.ts";
import { type SpanPlace, traceOf } from "../../core/traces/trace-assembly.ts";
import { bytesIn, hexIn, integerIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import { unpack } from "../packing.ts";
import { originOf } from "../stored-rows.ts";
import type { TracePage } from "../trace-reads.ts";
import { bigints, integers, uuids } from "./arrays.ts";
import type { Connection } from "./database.ts";
import { storedSpansIn } from "./span-packing.ts";
import { numbersIn, uuidIn } from "./trace-rows.ts";

/** A trace as readers see it. Of its spans those for which `counts` holds. */
export async function readTrace(
  connection: Connection,
  workspace: string,
  traceId: string,
  withPayload: boolean,
  counts: (place: SpanPlace) => boolean = () => true,
): Promise<Trace | undefined> {
  const [found] = await connection.rows(
    "SELECT ref, days, mirror_span, info FROM traces WHERE workspace = $1 AND trace_id = $2",
    [workspace, traceId],
  );
  if (found === undefined) return undefined;
  const ref = integerIn(found, "ref");
  const rows = await readChunks(connection, [found], withPayload ? "spans, payload" : "spans");
  const spans = rows.flatMap(placesIn).filter(counts).toSorted(byStart);
  const chunks = new Map(rows.map((row) => [integerIn(row, "id"), unpack(bytesIn(row, "spans"))]));
  const payload = rows.find((row) => row["payload"] instanceof Uint8Array);
  const hasMirrors = spans.some(({ origin }) => origin === "mirror-gateway");
  const stored = {
    info: infoIn(found),
    places: spans,
    chunks,
    payloads: payload && InvocationRecord.decode(unpack(bytesIn(payload, "payload"))).payloads,
    mirrorSpanId: found["mirror_span"] === null ? undefined : hexIn(found, "mirror_span"),
    linkedMirrors: new Set(hasMirrors ? await linkedMirrorsOf(connection, ref) : []),
  };
  return traceOf(stored, withPayload);
}

/** What lists show of traces, in the order given. */
export async function readInfos(
  connection: Connection,
  workspace: string,
  traceIds: readonly string[],
): Promise<readonly TraceInfo[]> {
  const rows = await connection.rows(
    "SELECT trace_id, info FROM traces WHERE workspace = $1 AND trace_id = ANY($2::uuid[])",
    [workspace, uuids(traceIds)],
  );
  const byId = new Map(rows.map((row) => [uuidIn(row, "trace_id"), infoIn(row)]));
  return traceIds.flatMap((traceId) => byId.get(traceId) ?? []);
}

/** The other twins of a trace, as `TraceStore.listTwins` says. */
export async function readTwins(
  connection: Connection,
  workspace: string,
  traceId: string,
  limit: number,
  after: TraceKey | undefined,
): Promise<TracePage | undefined> {
  const [found] = await connection.rows("SELECT ref, sealed FROM traces WHERE workspace = $1 AND trace_id = $2", [
    workspace,
    traceId,
  ]);
  if (found === undefined) return undefined;
  const [at, twins] =
    found["sealed"] === true
      ? ["f.mirror_start_ns", "FROM traces f JOIN traces t ON t.ref = f.mirror_ref WHERE f.ref = $1"]
      : ["t.mirror_start_ns", "FROM traces t WHERE t.mirror_ref = $1"];
  const rows = await connection.rows(
    `SELECT ${at} AS at, t.trace_id, t.info ${twins} AND t.workspace = $5 AND (${at}, t.trace_id) > ($2, $3)
      ORDER BY at, t.trace_id LIMIT $4`,
    [integerIn(found, "ref"), after?.at ?? -1n, after?.traceId ?? NO_ID, limit + 1, workspace],
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    traces: rows.slice(0, limit).map((row) => infoIn(row)),
    next: last && { at: integerIn(last, "at"), traceId: uuidIn(last, "trace_id") },
  };
}

/** The spans of traces in the order read, by `ref`: of rows with `ref` and `days`. Payload of full traces is not among them. */
export async function readSpans(
  connection: Connection,
  traces: readonly Row[],
): Promise<ReadonlyMap<bigint, readonly Span[]>> {
  const rows = Map.groupBy(await readChunks(connection, traces, "spans"), (row) => integerIn(row, "trace_ref"));
  return new Map(
    Array.from(rows, ([ref, chunks]) => {
      const spans = chunks.flatMap((chunk) => {
        const stored = storedSpansIn(bytesIn(chunk, "rows"));
        const grouped = storedSpansOf(unpack(bytesIn(chunk, "spans")), originOfChunk(stored));
        return stored.flatMap(({ position, startNs, spanId }) => {
          const span = grouped[position]?.span;
          return span === undefined ? [] : { startNs, spanId: spanId.toString("hex"), span };
        });
      });
      return [ref, spans.toSorted(byStart).map(({ span }) => span)] as const;
    }),
  );
}

/** The chunks of traces, of rows with `ref` and `days`: `trace_ref`, `id`, `rows`, and further columns. */
export function readChunks(connection: Connection, traces: readonly Row[], columns: string): Promise<readonly Row[]> {
  const days = new Set(traces.flatMap((row) => numbersIn(row, "days")));
  return connection.rows(
    `SELECT trace_ref, id, rows, ${columns} FROM chunks WHERE day = ANY($1::integer[]) AND trace_ref = ANY($2::bigint[])`,
    [integers([...days]), bigints(traces.map((row) => integerIn(row, "ref")))],
  );
}

const NO_ID = "0".repeat(32);

/** All spans of a chunk are of one origin's kind. */
function originOfChunk([first]: ReturnType<typeof storedSpansIn>): SpanOrigin {
  if (first === undefined) throw new Error("a chunk without spans is stored");
  return originOf(first);
}

function placesIn(row: Row): readonly (SpanPlace & { readonly startNs: bigint })[] {
  const chunk = integerIn(row, "id");
  return storedSpansIn(bytesIn(row, "rows")).map((stored) => ({
    spanId: stored.spanId.toString("hex"),
    origin: originOf(stored),
    chunk,
    position: stored.position,
    startNs: stored.startNs,
  }));
}

interface Started {
  readonly startNs: bigint;
  readonly spanId: string;
}

function byStart(a: Started, b: Started): number {
  if (a.startNs !== b.startNs) return a.startNs < b.startNs ? -1 : 1;
  return a.spanId < b.spanId ? -1 : a.spanId > b.spanId ? 1 : 0;
}

async function linkedMirrorsOf(connection: Connection, ref: bigint): Promise<readonly string[]> {
  const rows = await connection.rows("SELECT mirror_span FROM traces WHERE mirror_ref = $1", [ref]);
  return rows.map((row) => hexIn(row, "mirror_span"));
}
