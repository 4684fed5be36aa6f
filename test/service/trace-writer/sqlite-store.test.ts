import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { SUITE_ROUTES } from "./forwards-suite.ts";
import { idsOf, payload, record, span, spanId, traceId } from "./sample-traces.ts";
import { newFile, openSqlite } from "./sqlite-stores.ts";
import { describeTraceStore } from "./trace-store-suite.ts";
import { claimTrace, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
const start = (path: string) => openSqlite(path, { routes: SUITE_ROUTES });

describeTraceStore("the SQLite store", () => start(newFile()));

test("what is known of a usage and a cost comes back from the file as it went in", async () => {
  const path = newFile();
  const trace = traceId(1);
  const said = {
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.audio.input_tokens": 4,
    "gen_ai.usage.audio.output_tokens": 3,
    "twinspan.usage.estimated": true,
    "twinspan.cost.input_nano_usd": 1,
    "twinspan.cost.output_nano_usd": 2,
    "twinspan.cost.total_nano_usd": 5,
    "twinspan.cost.price_version": "configuration",
  };
  await using one = await start(path);
  await writeSpans(one, "mine", [span({ trace, span: spanId(1), attributes: said })]);
  // Another writer has the row of the first span from the file alone.
  await using other = await start(path);
  await writeSpans(other, "mine", [span({ trace, span: spanId(2), parent: spanId(1) })]);
  const { info } = (await other.getTrace("default", trace, true)) ?? {};
  expect(info?.spanCount).toBe(2);
  expect(info?.usage).toMatchObject({
    inputTokens: 10n,
    audioInputTokens: 4n,
    audioOutputTokens: 3n,
    estimated: true,
  });
  expect(info?.cost).toEqual({ inputNanoUsd: 1n, outputNanoUsd: 2n, totalNanoUsd: 5n, priceVersion: "configuration" });
  expect(info?.metadata).toMatchObject({
    "twinspan.usage.estimated": "true",
    "twinspan.cost.price_version": "configuration",
  });
});

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

test("deletion leaves no row of a trace behind, in any table", async () => {
  const path = newFile();
  await using store = await start(path);
  const caller = { trace: traceId(1), span: spanId(1) };
  await writeRecords(store, [record({ n: 1, payloads: [payload(idsOf(1).root)], caller })]);
  await writeSpans(store, "agents", [span({ trace: traceId(1), span: spanId(1), attributes: { "session.id": "s" } })]);
  await claimTrace(store, "agents", { traceId: traceId(1), metadata: { a: "1" } });
  const tables = ["traces", "batches", "blocks", "mirror_links", "trace_facets"];
  const rows = () => {
    using db = new DatabaseSync(path, { readOnly: true });
    return tables.map((table) => Number(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]));
  };
  expect(rows().every((count) => count > 0)).toBe(true);
  for (const { id } of await store.listExperiments("default", 10, undefined)) {
    const all = { kind: "until", startNsMax: 2n ** 63n - 1n } as const;
    await store.deleteTraces("default", BigInt(id), all, 100, never);
  }
  expect(await store.erase(never)).toBe(true);
  tables.push("erasures");
  expect(rows()).toEqual(tables.map(() => 0));
});
