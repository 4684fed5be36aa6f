import type { StoredSpanRow } from "../../core/spans/span-row.ts";
import type { TraceSummary } from "../../core/traces/trace-summary.ts";
import type { WorkingTrace } from "../commit/working-trace.ts";
import type { PlacedRow } from "../stored-rows.ts";

/** A trace that a commit holds in memory, until it is written back. */
export interface HeldTrace extends WorkingTrace {
  /** How often it was written. 0: it is new. */
  readonly version: number;
  /** The days that it has chunks of, as stored. */
  readonly days: readonly number[];
  /** Of a full trace, the trace that holds its mirror. */
  mirror: HeldLink | undefined;
  /** Undefined: they were not read, since nothing may ask for them. */
  spans: HeldSpans | undefined;
  /** What became of it. Undefined: nothing has changed. */
  summary: TraceSummary | undefined;
}

/** A link from a full trace to its mirror. */
export interface HeldLink {
  /** The trace that holds the mirror. */
  readonly ref: bigint;
  readonly traceId: string;
  /** The mirror's gateway span, and when it began. */
  readonly spanId: string;
  readonly startNs: bigint;
}

/** The rows of a trace's spans, by their ids, and what their bytes are in. */
export interface HeldSpans {
  readonly byId: Map<string, HeldSpan>;
  readonly chunks: Map<bigint, HeldChunk>;
}

export interface HeldSpan extends PlacedRow {
  readonly row: StoredSpanRow;
  readonly chunk: HeldChunk;
}

/** Spans that were stored together. */
export interface HeldChunk {
  readonly id: bigint;
  readonly day: number;
  /** Those that count, by their ids. */
  readonly rows: Map<string, PlacedRow>;
  /** What its spans take as they are stored, in bytes. */
  bytes: number;
  /** What is to be stored, where it is new. */
  spans: Uint8Array | undefined;
  payload: Uint8Array | undefined;
  /** Whether its rows have changed since it was read. */
  changed: boolean;
}

/** No spans yet. */
export function noSpans(): HeldSpans {
  return { byId: new Map(), chunks: new Map() };
}

/** A trace that is not stored yet. */
export function newTrace(ref: bigint, workspace: string, traceId: string): HeldTrace {
  return {
    ref,
    workspace,
    traceId,
    version: 0,
    days: [],
    mirror: undefined,
    spans: noSpans(),
    summary: undefined,
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
}
