import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import type { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceKey } from "../../core/search/page-token.ts";
import { type SpanPlace, traceOf } from "../../core/traces/trace-assembly.ts";
import type { TracePage } from "../trace-reads.ts";
import type { FactTable } from "./fact-table.ts";
import { type TraceId, traceKeyOf } from "./trace-key.ts";
import type { TraceState } from "./trace-state.ts";

/** Reads traces from their facts. */
export interface TraceReader {
  infos(workspace: string, traceIds: readonly string[]): Promise<readonly TraceInfo[]>;
  twins(workspace: string, traceId: string, limit: number, after: TraceKey | undefined): Promise<TracePage | undefined>;
  /** Of its spans those for which `counts` holds. Default: all. */
  trace(
    workspace: string,
    traceId: string,
    withPayload: boolean,
    counts?: (place: SpanPlace) => boolean,
  ): Promise<Trace | undefined>;
}

/** So often a trace is read again whose bytes were erased between its facts and them. */
const READS_MAX = 5;

/** The traces in a table of facts. */
export function openTraceReader(facts: FactTable): TraceReader {
  const stateOf = async (trace: TraceId) => {
    const state = (await facts.states([trace])).get(traceKeyOf(trace));
    return state?.exists === true ? state : undefined;
  };
  const infos = async (workspace: string, traceIds: readonly string[]) => {
    const traces = traceIds.map((traceId) => ({ workspace, traceId }));
    const states = await facts.states(traces);
    return traces.flatMap((trace) => {
      const state = states.get(traceKeyOf(trace));
      return state?.exists === true ? state.summary().info : [];
    });
  };
  const readOnce = async (trace: TraceId, withPayload: boolean, counts: (place: SpanPlace) => boolean) => {
    const state = await stateOf(trace);
    if (state === undefined) return { isWhole: true, trace: undefined };
    const places = placesOf(state).filter(counts);
    const chunks = [...new Set(places.map(({ chunk }) => chunk))];
    const bytes = await facts.bytesOf(trace, chunks, withPayload && state.sealed);
    const isWhole = chunks.every((chunk) => bytes.has(chunk));
    if (!isWhole) return { isWhole, trace: undefined };
    const [link] = state.sealed ? state.links.values() : [];
    const payload = bytes.values().find(({ payload: packed }) => packed.length > 0)?.payload;
    const stored = {
      info: state.summary().info,
      places,
      chunks: new Map(Array.from(bytes, ([chunk, { bytes: packed }]) => [chunk, packed])),
      payloads: payload && InvocationRecord.decode(payload).payloads,
      mirrorSpanId: link?.spanId,
      linkedMirrors: new Set(state.links.values().map(({ spanId }) => spanId)),
    };
    return { isWhole, trace: traceOf(stored, withPayload) };
  };
  return {
    infos,
    async twins(workspace, traceId, limit, after) {
      const state = await stateOf({ workspace, traceId });
      if (state === undefined) return undefined;
      const links = state.linksByTime().filter(({ workspace: whose, traceId: other, startNs }) => {
        if (whose !== workspace) return false;
        if (after === undefined || startNs > after.at) return true;
        return startNs === after.at && other > after.traceId;
      });
      const page = links.slice(0, limit);
      const last = links.length > limit ? page.at(-1) : undefined;
      return {
        traces: await infos(
          workspace,
          page.map(({ traceId: other }) => other),
        ),
        next: last && { at: last.startNs, traceId: last.traceId },
      };
    },
    async trace(workspace, traceId, withPayload, counts = () => true) {
      for (let read = 0; read < READS_MAX; read += 1) {
        const { isWhole, trace } = await readOnce({ workspace, traceId }, withPayload, counts);
        if (isWhole) return trace;
      }
      throw new Error(`trace ${traceId} has facts without bytes`);
    },
  };
}

/** Where a trace's spans are, by start, then by id. */
export function placesOf({ rows }: TraceState): readonly SpanPlace[] {
  return [...rows.values()]
    .toSorted((a, b) => {
      if (a.row.startNs !== b.row.startNs) return a.row.startNs < b.row.startNs ? -1 : 1;
      return a.row.spanId < b.row.spanId ? -1 : 1;
    })
    .map(({ row: { spanId, origin }, chunk, position }) => ({ spanId, origin, chunk, position }));
}
