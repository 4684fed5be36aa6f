import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";
import type { TraceKey } from "../../../services/trace-writer/core/search/page-token.ts";
import { NEWEST_FIRST, parseTraceOrder } from "../../../services/trace-writer/core/search/trace-order.ts";
import { openForReading } from "../../../services/trace-writer/store/sqlite/open-database.ts";
import { openReader } from "../../../services/trace-writer/store/sqlite/reader.ts";
import { searchQueryOf } from "../../../services/trace-writer/store/sqlite/search-query.ts";
import { record, span, spanId, traceId } from "./sample-traces.ts";
import { newFile, openSqlite } from "./sqlite-stores.ts";
import { searchTraces, writeRecords, writeSpans } from "./writing.ts";

const start = (path: string) => openSqlite(path, { traceSpansMax: 200 });

const OWNED = { workspace: "default", experimentId: 7n, facetScope: 7n };
const PENDING = { workspace: "default", experimentId: undefined, facetScope: -1n };

test.each([
  ["the list of an experiment", OWNED, "", "", "traces_owned"],
  ["the list of what is pending", PENDING, "", "", "traces_pending"],
  ["a list by duration", OWNED, "", "duration DESC", "traces_by_duration"],
  ["a list by duration, the shortest first", OWNED, "status = 'ERROR'", "duration", "traces_by_duration"],
  ["a list by duration of what is pending", PENDING, "", "duration DESC", "traces_by_duration"],
  ["what failed", OWNED, "status = 'ERROR' AND duration > 5", "", "traces_by_state"],
  [
    "a time",
    OWNED,
    "timestamp > 5 AND timestamp < 9",
    "",
    "traces_owned (experiment_id=? AND start_ns>? AND start_ns<?",
  ],
  ["an endpoint", OWNED, "endpoint = 'demo'", "", "PRIMARY KEY (experiment_id=? AND value_id=?"],
  ["a model and a caller", OWNED, "model = 'm' AND caller = 'c'", "", "PRIMARY KEY (experiment_id=? AND value_id=?"],
  ["a session of what is pending", PENDING, "session = 's'", "", "PRIMARY KEY (experiment_id=? AND value_id=?"],
  ["metadata", OWNED, "metadata.x = 'y' AND text LIKE '%z%'", "", "PRIMARY KEY (experiment_id=? AND value_id=?"],
  ["a tag", OWNED, "tags.team = 'x'", "", "PRIMARY KEY (experiment_id=? AND value_id=?"],
  ["a provider within a time", OWNED, "provider = 'p' AND start_time > 5", "", "value_id=? AND start_ns>?"],
  [
    "a failed trace of a user",
    OWNED,
    "user = 'u' AND status = 'ERROR'",
    "",
    "PRIMARY KEY (experiment_id=? AND value_id=?",
  ],
] as const)(
  "%s is looked up in an index, never scanned for and never sorted",
  async (_name, scope, text, orderBy, index) => {
    const path = newFile();
    await using store = await start(path);
    expect(store.condition().ready).toBe(true);
    using db = new DatabaseSync(path, { readOnly: true });
    for (const after of [undefined, { at: 5n, traceId: traceId(1) }]) {
      const query = searchQueryOf(scope, parseFilter(text), parseTraceOrder(orderBy), after, () => 5n);
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${query.sql}`).all(...query.values);
      const steps = plan.map(({ detail }) => String(detail));
      expect(steps.join("\n")).toContain(index);
      expect(steps.filter((step) => step.startsWith("SCAN"))).toEqual([]);
      expect(steps.filter((step) => /TEMP B-TREE(?! FOR LAST TERM)/.test(step))).toEqual([]);
    }
  },
);

test("a search that finds little among much answers short pages, and comes to its end", async () => {
  await using store = await start(newFile());
  const traces = Array.from({ length: 12_000 }, (_, index) =>
    span({
      trace: traceId(index + 1),
      span: spanId(1),
      start: index,
      end: 20_000,
      name: index === 3 ? "wanted" : "other",
    }),
  );
  await writeSpans(store, "many", traces);
  const id = BigInt((await store.getExperiment("default", { $case: "name", value: "many" }))?.id ?? -1);
  const scope = { kind: "experiments", ids: [id] } as const;
  const filter = parseFilter("name LIKE 'wan%'");
  const pages: number[] = [];
  let after: TraceKey | undefined;
  do {
    const page = await store.searchTraces("default", { scope, filter, order: NEWEST_FIRST }, 10, after);
    pages.push(page.traces.length);
    after = page.next;
  } while (after !== undefined);
  expect(pages).toEqual([0, 0, 1]);
  expect(await searchTraces(store, scope, { filter: "name = 'wanted'" })).toHaveLength(1);
});

test("what is unpacked for spans that came one by one counts, and others have their turns meanwhile", async () => {
  await using store = await start(newFile());
  const traces = Array.from({ length: 30 }, (_, index) => traceId(index + 1));
  // 100 blocks of 64 KiB, each with a span of every trace.
  for (let id = 1; id <= 100; id += 1) {
    const filler = randomBytes(1_000).toString("hex");
    await writeSpans(
      store,
      "one by one",
      traces.map((trace) => span({ trace, span: spanId(id), attributes: { filler } })),
    );
  }
  const id = BigInt((await store.getExperiment("default", { $case: "name", value: "one by one" }))?.id ?? -1);
  const scope = { kind: "experiments", ids: [id] } as const;
  const filter = parseFilter("span.attributes.filler = 'nothing'");
  let turns = 0;
  let isSearched = false;
  const others = (async () => {
    for (; !isSearched; turns += 1) await setImmediate();
  })();
  let pages = 0;
  let after: TraceKey | undefined;
  do {
    const page = await store.searchTraces("default", { scope, filter, order: NEWEST_FIRST }, 50, after);
    pages += 1;
    after = page.next;
  } while (after !== undefined);
  isSearched = true;
  await others;
  expect(pages).toBeGreaterThanOrEqual(5);
  expect(turns).toBeGreaterThan(3 * pages);
  // It goes on for many turns. Who asked is gone after the first.
  const gone = new AbortController();
  const search = { scope, filter, order: NEWEST_FIRST };
  const asked = [1, 2].map(() => store.searchTraces("default", search, 50, undefined, gone.signal));
  gone.abort(new Error("gone"));
  expect(await Promise.allSettled(asked)).toEqual(asked.map(() => ({ status: "rejected", reason: new Error("gone") })));
});

test("a trace that came one by one can be read with others' turns in between", async () => {
  const path = newFile();
  await using store = await start(path);
  for (let id = 1; id <= 20; id += 1) {
    await writeSpans(store, "one by one", [span({ trace: traceId(1), span: spanId(id) })]);
  }
  using db = openForReading(path, 1024 * 1024);
  const work = openReader(db).trace("default", traceId(1), true);
  let stops = 0;
  let step = work.next();
  for (; step.done !== true; step = work.next()) stops += 1;
  expect(stops).toBe(20);
  expect(step.value).toEqual(await store.getTrace("default", traceId(1), true));
});

test("previews are read where a filter asks for them, or a trace passes it", async () => {
  const path = newFile();
  await using store = await start(path);
  await writeRecords(store, [record({ n: 1 })]);
  const id = BigInt((await store.getExperiment("default", { $case: "name", value: "gateway/demo" }))?.id ?? -1);
  const find = (filter: string) => searchTraces(store, { kind: "experiments", ids: [id] }, { filter });
  {
    using db = new DatabaseSync(path, { timeout: 5_000 });
    db.exec("DELETE FROM blocks WHERE id IN (SELECT previews_block FROM batches)");
  }
  expect(await find("name LIKE '%nothing%' OR span.name = 'nothing'")).toEqual([]);
  await expect(find("text LIKE '%nothing%'")).rejects.toThrow("bytes are not there");
  await expect(find("name LIKE 'gateway%'")).rejects.toThrow("bytes are not there");
});

test("a value that another process has removed with its last trace is stored anew", async () => {
  const path = newFile();
  await using one = await start(path);
  await using other = await start(path);
  const write = (n: number, session: string) =>
    writeSpans(one, "shared", [span({ trace: traceId(n), span: spanId(1), attributes: { "session.id": session } })]);
  await write(1, "ada");
  const id = BigInt((await one.getExperiment("default", { $case: "name", value: "shared" }))?.id ?? -1);
  const which = { kind: "ids", traceIds: [traceId(1)] } as const;
  await other.deleteTraces("default", id, which, 1, new AbortController().signal);
  await write(2, "ada");
  const scope = { kind: "experiments", ids: [id] } as const;
  expect(await searchTraces(one, scope, { filter: "session = 'ada'" })).toHaveLength(1);
});
