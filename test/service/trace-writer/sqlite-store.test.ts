import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSqliteStore } from "../../../services/trace-writer/store/sqlite/sqlite-store.ts";
import { describeTraceStore } from "./trace-store-suite.ts";

describeTraceStore("the SQLite store", () =>
  startSqliteStore(
    {
      path: join(mkdtempSync(join(tmpdir(), "twinspan-store-")), "traces.db"),
      cacheBytes: 16 * 1024 * 1024,
      commitBatchMax: 250,
      queueBytesMax: 64 * 1024 * 1024,
      traceSpansMax: 50,
    },
    { committed: () => {}, failed: () => {} },
  ),
);
