import type { KnownTrace } from "./working-trace.ts";

/** Rows of this many spans are remembered, of all traces together: some tens of megabytes. */
const ROWS_MAX = 20_000;

/**
 * What the writer remembers of traces from one commit to the next, so that a long trace that grows by a span is not
 * read again each time. The traces that were used last stay.
 */
export interface KnownTraces<Known = KnownTrace> {
  /** Hands out what is known of a trace, and forgets it: its user changes it. */
  take(ref: bigint): Known | undefined;
  remember(ref: bigint, known: Known): void;
  /** Forgets everything: what is known may not be what is stored. */
  forget(): void;
}

/** Remembers nothing yet. `rowsOf` tells how many rows what is known of a trace has. */
export function createKnownTraces<Known>(rowsOf: (known: Known) => number): KnownTraces<Known> {
  const known = new Map<bigint, Known>();
  let rows = 0;
  const take = (ref: bigint) => {
    const taken = known.get(ref);
    if (taken === undefined) return undefined;
    known.delete(ref);
    rows -= rowsOf(taken);
    return taken;
  };
  const forget = () => {
    known.clear();
    rows = 0;
  };
  return {
    take,
    forget,
    remember(ref, trace) {
      if (rowsOf(trace) > ROWS_MAX) return;
      known.set(ref, trace);
      rows += rowsOf(trace);
      for (const oldest of known.keys()) {
        if (rows <= ROWS_MAX) break;
        take(oldest);
      }
    },
  };
}
