import type { KnownTrace } from "./working-trace.ts";

/** Rows of this many spans are remembered, of all traces together: some tens of megabytes. */
const ROWS_MAX = 20_000;

/**
 * What the writer remembers of traces from one commit to the next, so that a long trace that grows by a span is not read
 * again each time. The traces that were used last stay.
 */
export interface KnownTraces {
  /** Hands out what is known of a trace, and forgets it: its user changes it. */
  take(ref: bigint): KnownTrace | undefined;
  remember(ref: bigint, known: KnownTrace): void;
  /** Forgets everything: what is known may not be what is stored. */
  forget(): void;
}

/** Remembers nothing yet. */
export function createKnownTraces(): KnownTraces {
  const known = new Map<bigint, KnownTrace>();
  let rows = 0;
  const take = (ref: bigint) => {
    const taken = known.get(ref);
    if (taken === undefined) return undefined;
    known.delete(ref);
    rows -= taken.rows.length;
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
      if (trace.rows.length > ROWS_MAX) return;
      known.set(ref, trace);
      rows += trace.rows.length;
      for (const oldest of known.keys()) {
        if (rows <= ROWS_MAX) break;
        take(oldest);
      }
    },
  };
}
