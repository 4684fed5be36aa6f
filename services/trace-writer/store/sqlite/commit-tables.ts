import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "../columns.ts";
import { createKnownTraces } from "../commit/known-traces.ts";
import type { CommitTables } from "../commit/tables.ts";
import type { KnownTrace } from "../commit/working-trace.ts";
import { openBytesTable } from "./bytes-table.ts";
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
  const bytes = openBytesTable(db);
  const known = createKnownTraces<KnownTrace>(({ rows }) => rows.length);
  let version = -1n;
  return {
    experiments: openExperimentTable(db),
    traces,
    spans: openSpanTable(db),
    bytes,
    sizes,
    forwards: openForwardTable(db),
    rollups: openRollupTable(db),
    known,
    begin() {
      const current = integerIn(dataVersion.get() ?? {}, "data_version");
      // Another process has written since.
      if (current !== version) {
        known.forget();
        traces.forget();
      }
      version = current;
      traces.begin();
      bytes.begin();
    },
    end() {
      sizes.store();
      hours.store(traces.commit);
    },
    reset() {
      known.forget();
      traces.forget();
      sizes.forget();
      hours.forget();
    },
  };
}
