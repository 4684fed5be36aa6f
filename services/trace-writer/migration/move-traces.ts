import type { ExperimentConflict, TraceDump, TraceMoves } from "../store/trace-moves.ts";
import type { WholeTrace } from "../store/whole-trace.ts";

/** A page of traces that the target keeps. */
export interface MovedPage {
  readonly traces: number;
  /** What their spans and payloads are, unpacked. */
  readonly bytes: number;
  /** Where to go on. Undefined: everything is moved. */
  readonly next: string | undefined;
}

/** How many experiments, and traces, are moved in one step. Of large traces it are fewer. */
const EXPERIMENTS_MAX = 1000;
const TRACES_MAX = 500;

/** Moves the experiments. Ends with those that the target cannot keep: of their page none is there. */
export async function moveExperiments(
  source: TraceMoves,
  target: TraceMoves,
  signal: AbortSignal,
): Promise<readonly ExperimentConflict[]> {
  let after: bigint | undefined;
  for (;;) {
    const page = await source.dumpExperiments(after, EXPERIMENTS_MAX);
    after = page.at(-1)?.id;
    if (after === undefined) return [];
    const conflicts = await target.restoreExperiments(page, signal);
    if (conflicts.length > 0) return conflicts;
  }
}

/**
 * Moves the traces from behind a position on, page by page: each is durable in the target when it is told. While one is
 * written the next one is read. Rejects with the signal's reason.
 */
export async function* moveTraces(
  source: TraceMoves,
  target: TraceMoves,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<MovedPage, void, undefined> {
  let reading: Promise<TraceDump> | undefined = source.dumpTraces(after, TRACES_MAX);
  while (reading !== undefined) {
    const { traces, next }: TraceDump = await reading;
    signal.throwIfAborted();
    reading = next === undefined ? undefined : source.dumpTraces(next, TRACES_MAX);
    // It is awaited in the next round, where there is one.
    reading?.catch(() => {});
    if (traces.length > 0) await target.restoreTraces(traces, signal);
    yield { traces: traces.length, bytes: traces.reduce((sum, trace) => sum + bytesOf(trace), 0), next };
  }
}

function bytesOf({ batches, full }: WholeTrace): number {
  return batches.reduce((sum, { bytes }) => sum + bytes.length, full?.payload?.length ?? 0);
}
