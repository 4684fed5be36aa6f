import type { StoredSize } from "../core/retention/retention.ts";
import type { WholeExperiment, WholeTrace } from "./whole-trace.ts";

/**
 * What moves all that a store keeps into another. The store that is read should be at rest: of what is written
 * meanwhile some is passed over.
 */
export interface TraceMoves {
  /** How many traces there are, and what they take, as the store counts that. */
  sizeOfAll(): Promise<StoredSize>;

  /** Experiments of all workspaces by id, ascending, from behind `after` on, at most `limit`. */
  dumpExperiments(after: bigint | undefined, limit: number): Promise<readonly WholeExperiment[]>;

  /**
   * Traces of all workspaces, agents' before full ones, from behind a position of this store on, at most `limit`, and
   * not many more than 8 MiB as stored. A page may be empty where there are more.
   */
  dumpTraces(after: string | undefined, limit: number): Promise<TraceDump>;

  /**
   * Keeps experiments under their ids, all of them in one step, or none: where one is not what is there under its id or
   * its name, it is told. Of those that are there already the earlier creation and the later update count, or if they
   * hold nothing, those that are given; and of limits of their own those that are there.
   */
  restoreExperiments(
    experiments: readonly WholeExperiment[],
    signal: AbortSignal,
  ): Promise<readonly ExperimentConflict[]>;

  /**
   * Keeps traces, all in one step. Their experiments must be there, and the traces that hold the mirrors of full
   * traces, else these come without their links. What is there of a trace, and what comes, are settled as if they had
   * arrived one after the other, but that the number of spans has no limit, and that of two edits of a tag the one that
   * is there counts. So again changes nothing. Nothing of it waits to be forwarded.
   */
  restoreTraces(traces: readonly WholeTrace[], signal: AbortSignal): Promise<void>;
}

/** What a page of traces may hold, as stored, in bytes. One trace may alone be more. */
const DUMP_BYTES_MAX = 8 * 1024 * 1024;

/** A page of traces. */
export interface TraceDump {
  readonly traces: readonly WholeTrace[];
  /** Behind what to go on: at most 100 letters, digits, dots and dashes. Undefined: there are no more. */
  readonly next: string | undefined;
}

/** An experiment that cannot be kept, and the one that is there under its id or its name. */
export interface ExperimentConflict {
  readonly experiment: WholeExperiment;
  readonly there: { readonly workspace: string; readonly id: bigint; readonly name: string };
}

/** How many of the first make a page: at least one, and else no more than {@link DUMP_BYTES_MAX}. */
export function pageLengthOf(bytes: readonly bigint[]): number {
  let sum = 0n;
  const length = bytes.findIndex((each, index) => {
    sum += each;
    return index > 0 && sum > DUMP_BYTES_MAX;
  });
  return length === -1 ? bytes.length : length;
}
