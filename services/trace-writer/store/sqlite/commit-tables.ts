import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "../columns.ts";
import type { CommitTables } from "../commit/tables.ts";
import { openChangedHours } from "./changed-hours.ts";
import { openExperimentTable } from "./experiment-table.ts";
import { type ForwardTable, openForwardTable } from "./forward-table.ts";
import { openRollupTable, type RollupTable } from "./rollup-table.ts";
import { openSizeTable } from "./size-table.ts";
import { openSpanTable } from "./span-table.ts";
import { openTraceTable } from "./trace-table.ts";

/** The tables of a file that is open for writing. */
export interface SqliteTables extends CommitTables {
  readonly forwards: ForwardTable;
  readonly rollups: RollupTable;
}

/** Prepares the tables of a file for commits. */
export function openCommitTables(db: DatabaseSync): SqliteTables {
  const dataVersion = db.prepare("PRAGMA data_version");
  const sizes = openSizeTable(db);
  const hours = openChangedHours(db);
  const traces = openTraceTable(db, sizes, hours);
  const spans = openSpanTable(db);
  let version = -1n;
  return {
    experiments: openExperimentTable(db),
    traces: {
      ...traces,
      insert(...key) {
        const trace = traces.insert(...key);
        spans.isNew(trace.ref);
        return trace;
      },
      update: (trace, summary) => traces.update(trace, summary, spans.previewsOf(trace.ref, summary.info)),
    },
    spans,
    bytes: spans,
    sizes,
    forwards: openForwardTable(db),
    rollups: openRollupTable(db),
    // The table of spans remembers more.
    known: { take: () => undefined, remember: () => {}, forget: spans.forgetNames },
    begin() {
      const current = integerIn(dataVersion.get() ?? {}, "data_version");
      // Another process has written since.
      if (current !== version) {
        spans.forget();
        traces.forget();
      }
      version = current;
      traces.begin();
      spans.begin();
    },
    settle: spans.settle,
    end() {
      spans.end();
      sizes.store();
      hours.store(traces.commit);
    },
    reset() {
      spans.forget();
      traces.forget();
      sizes.forget();
      hours.forget();
    },
  };
}
