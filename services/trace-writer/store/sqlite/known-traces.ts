import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "./columns.ts";
import type { KnownTrace } from "./working-trace.ts";

/** Rows of this many spans are remembered, of all traces together: some tens of megabytes. */
const ROWS_MAX = 20_000;

/**
 * What the writer remembers of traces from one commit to the next, so that a long trace that grows by a span is not read
 * again each time. The traces that were used last stay.
 */
export interface KnownTraces {
  /** Must be called when a transaction has begun: forgets everything where another process has written since, and says so. */
  begin(): boolean;
  /** Hands out what is known of a trace, and forgets it: its user changes it. */
  take(ref: bigint): KnownTrace | undefined;
  remember(ref: bigint, known: KnownTrace): void;
  /** Forgets everything: what is known may not be what is stored. */
  forget(): void;
}

/** Remembers nothing yet. */
export function createKnownTraces(db: DatabaseSync): KnownTraces {
  const dataVersion = db.prepare("PRAGMA data_version");
  const known = new Map<bigint, KnownTrace>();
  let rows = 0;
  let version = -1n;
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
    begin() {
      const current = integerIn(dataVersion.get() ?? {}, "data_version");
      const isOthers = current !== version;
      if (isOthers) forget();
      version = current;
      return isOthers;
    },
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
