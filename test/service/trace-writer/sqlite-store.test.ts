import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startSqliteStore } from "../../../services/trace-writer/store/sqlite/sqlite-store.ts";
import { record, span, spanId, traceId } from "./sample-traces.ts";
import { describeTraceStore } from "./trace-store-suite.ts";
import { writeRecords, writeSpans } from "./writing.ts";

const newFile = () => join(mkdtempSync(join(tmpdir(), "twinspan-store-")), "traces.db");
const start = (path: string) =>
  startSqliteStore(
    { path, cacheBytes: 16 * 1024 * 1024, commitBatchMax: 250, queueBytesMax: 64 * 1024 * 1024, traceSpansMax: 50 },
    { committed: () => {}, failed: () => {} },
  );

describeTraceStore("the SQLite store", () => start(newFile()));

test("two writers of one file add to the same trace, and neither sums up what only it has seen", async () => {
  const path = newFile();
  await using one = await start(path);
  await using other = await start(path);
  const trace = traceId(1);
  for (let turn = 1; turn <= 3; turn += 1) {
    await writeSpans(one, "shared", [span({ trace, span: spanId(turn * 10), parent: spanId(1) })]);
    await writeSpans(other, "shared", [span({ trace, span: spanId(turn * 10 + 1), parent: spanId(1) })]);
    await writeRecords(turn === 2 ? other : one, [record({ n: turn, caller: { trace, span: spanId(turn * 10) } })]);
    const found = await one.getTrace("default", trace, true);
    expect(found?.info?.spanCount).toBe(turn * 4);
    expect(found?.info?.linkedTraceIds).toHaveLength(turn);
  }
});
