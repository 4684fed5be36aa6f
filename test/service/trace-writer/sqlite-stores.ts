import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SqliteNotes, startSqliteStore } from "../../../services/trace-writer/store/sqlite/sqlite-store.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";

/** A place for a file of traces, in a directory of its own. */
export const newFile = () => join(mkdtempSync(join(tmpdir(), "twinspan-store-")), "traces.db");

type Options = Parameters<typeof startSqliteStore>[0];

/** Opens a store in a file, as the tests want it; `more`: what they want otherwise. */
export function openSqlite(path = newFile(), more: Partial<Options> = {}, notes?: SqliteNotes): Promise<TraceStore> {
  return startSqliteStore(
    {
      path,
      cacheBytes: 16 * 1024 * 1024,
      commitBatchMax: 250,
      queueBytesMax: 64 * 1024 * 1024,
      traceSpansMax: 50,
      routes: new Map(),
      ...more,
    },
    { committed: () => {}, failed: () => {} },
    notes,
  );
}
