import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import type { StoredSize } from "../../core/retention/retention.ts";
import type { NamedExperiment, StoredSpanRow } from "../../core/spans/span-row.ts";
import type { TraceSummary } from "../../core/traces/trace-summary.ts";
import type { ExperimentConflict } from "../trace-moves.ts";
import type { ExperimentChoice } from "../trace-reads.ts";
import type { ExperimentOutcome, ExperimentWrite } from "../trace-store.ts";
import type { WholeExperiment } from "../whole-trace.ts";
import type { ForwardWait } from "./forward-waits.ts";
import type { KnownTraces } from "./known-traces.ts";
import type { WorkingTrace } from "./working-trace.ts";

/**
 * What a commit reads from and writes to, step by step, within one transaction of a store. Every call answers with what
 * the calls before it have done.
 */
export interface CommitTables {
  readonly experiments: ExperimentWrites;
  readonly traces: TraceTable;
  readonly spans: SpanTable;
  readonly bytes: BytesTable;
  readonly sizes: SizeTable;
  readonly forwards: ForwardWrites;
  readonly known: KnownTraces;
  /** The first step of a transaction. */
  begin(): void;
  /** All spans and payloads were handed over: when this returns, what they take is counted in their traces' `bytes`. */
  settle(): void;
  /** The last step before the transaction is committed. */
  end(): void;
  /** The transaction was rolled back: what it did is forgotten. */
  reset(): void;
}

/** The experiments, as a commit uses them. */
export interface ExperimentWrites {
  find(workspace: string, choice: ExperimentChoice): Experiment | undefined;
  /** The one that is chosen; by name it is created when missing. Undefined: by id, and there is none. */
  obtain(workspace: string, choice: ExperimentChoice, nowMs: number): NamedExperiment | undefined;
  /** Creates one, or changes one. */
  write(workspace: string, write: ExperimentWrite, nowMs: number): ExperimentOutcome;
  /** The one that has the id of one of another store, or its name, and is not the same. */
  inTheWayOf(experiment: WholeExperiment): ExperimentConflict["there"] | undefined;
  /** Keeps one of another store, as `TraceMoves.restoreExperiments` says, but for the later update. */
  restore(experiment: WholeExperiment): void;
  /** Notes that it took a span. */
  touch(id: bigint, nowMs: number): void;
}

/** The traces, and the links between full traces and mirrors. */
export interface TraceTable {
  find(workspace: string, traceId: string): WorkingTrace | undefined;
  /** Makes one. It is there for others once it is summed up. */
  insert(workspace: string, traceId: string): WorkingTrace;
  byRef(ref: bigint): WorkingTrace | undefined;
  /** Stores what became of a trace, and what lists show of it. */
  update(trace: WorkingTrace, summary: TraceSummary): void;
  /** Stores a claim, and edits of tags, of a trace. */
  annotate(trace: WorkingTrace): void;
  /** The traces that an experiment owns and that began at `startNsMax` or earlier, the oldest first. */
  ownedUntil(experimentId: bigint, startNsMax: bigint, limit: number): readonly bigint[];
  /** The traces that an experiment owns, or undefined: the pending ones, the oldest first. */
  oldest(workspace: string, experimentId: bigint | undefined, limit: number): readonly bigint[];
  /** Removes a trace and its links. Returns the traces that were linked to it. */
  remove(trace: WorkingTrace): readonly bigint[];
  link(fullRef: bigint, mirrorRef: bigint, spanId: string, startNs: bigint): void;
  /** Removes the links to mirrors within a trace. Returns the full traces that had them. */
  unlinkMirrorsIn(mirrorRef: bigint): readonly bigint[];
  /** The traces that hold the other twins, by time, at most `LINKED_MAX`. */
  linkedTo(ref: bigint): readonly string[];
}

/** Where a span's bytes are. */
export interface BytesPlace {
  readonly chunk: bigint;
  readonly position: number;
}

/** The rows of spans. */
export interface SpanTable {
  /** Every row of a trace. */
  rowsOf(traceRef: bigint): StoredSpanRow[];
  /** How many rows a trace has. */
  countOf(traceRef: bigint): number;
  /** How many chunks of a trace must be removed with it, one by one. */
  chunksOf(traceRef: bigint): number;
  /** The row of that id, and the chunk its bytes are in. */
  find(traceRef: bigint, spanId: string): { readonly row: StoredSpanRow; readonly chunk: bigint } | undefined;
  /** Adds a row. False: its id is taken, and nothing was done. */
  insert(traceRef: bigint, row: StoredSpanRow, place: BytesPlace): boolean;
  /**
   * Puts a row in the place of the one of its id. A chunk that nothing counts in any more goes with it: returns how
   * many bytes it had.
   */
  replace(traceRef: bigint, row: StoredSpanRow, place: BytesPlace, oldChunk: bigint): bigint;
  /** Removes the rows of a trace and their bytes, those of its payload too. */
  removeAll(traceRef: bigint): void;
}

/**
 * The bytes of spans and payloads. What they take is added to the `bytes` of their trace, by `CommitTables.settle` at
 * the latest.
 */
export interface BytesTable {
  /** An id for spans that are stored together. */
  nextChunk(): bigint;
  storeChunk(trace: WorkingTrace, chunk: bigint, bytes: Uint8Array): void;
  storePayload(trace: WorkingTrace, bytes: Uint8Array): void;
}

/** What experiments hold: added up as it changes, so that nobody has to count. */
export interface SizeTable {
  /** Notes that an experiment, or undefined: the pending traces, hold that much more, or less. */
  note(workspace: string, experimentId: bigint | undefined, traces: bigint, bytes: bigint): void;
  /** What they hold, with what was noted. */
  sizeOf(workspace: string, experimentId: bigint | undefined): StoredSize;
}

/** What waits to be forwarded. */
export interface ForwardWrites {
  insert(trace: WorkingTrace, wait: ForwardWait, nowMs: number): void;
}
