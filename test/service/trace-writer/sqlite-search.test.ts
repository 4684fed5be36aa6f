import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { parseFilter } from "../../../services/trace-writer/core/filter-parser.ts";
import type { TraceKey } from "../../../services/trace-writer/core/page-token.ts";
import { NEWEST_FIRST, parseTraceOrder } from "../../../services/trace-writer/core/trace-order.ts";
import { MIGRATIONS } from "../../../services/trace-writer/store/sqlite/migrations.ts";
import { searchQueryOf } from "../../../services/trace-writer/store/sqlite/search-query.ts";
import { startSqliteStore } from "../../../services/trace-writer/store/sqlite/sqlite-store.ts";
import { record, span, spanId, traceId } from "./sample-traces.ts";
import { searchTraces, writeRecords, writeSpans } from "./writing.ts";

const newFile = () => join(mkdtempSync(join(tmpdir(), "twinspan-search-")), "traces.db");
const start = (path: string) =>
  startSqliteStore(
    {
      path,
      cacheBytes: 16 * 1024 * 1024,
      commitBatchMax: 250,
      queueBytesMax: 64 * 1024 * 1024,
      traceSpansMax: 50,
      routes: new Map(),
    },
    { committed: () => {}, failed: () => {} },
  );

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

test("a file of a version before searches is filled in when it is opened", async () => {
  const path = newFile();
  const metadata = { "mlflow.gateway.caller": "curl", "mlflow.trace.session": "told" };
  {
    await using store = await start(path);
    await writeRecords(store, [
      record({ n: 1, attempts: 2, metadata, caller: { trace: traceId(1), span: spanId(1) } }),
      record({ n: 2, caller: { trace: traceId(2), span: spanId(1) } }),
    ]);
    const said = { "session.id": "s", "user.id": "u", "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" };
    await writeSpans(store, "agents", [
      span({ trace: traceId(2), span: spanId(1), end: 500, failed: true, attributes: said }),
      span({ trace: traceId(3), span: spanId(2), parent: spanId(1), attributes: { "session.id": "late" }, start: 9 }),
      span({ trace: traceId(3), span: spanId(3), parent: spanId(1), attributes: { "session.id": "first" }, start: 2 }),
    ]);
  }
  const old = newFile();
  copyAsOf(2, path, old);
  await using migrated = await start(old);
  expect(migrated.condition().ready).toBe(true);
  const [before, after] = [factsIn(path), factsIn(old)];
  expect(before.facets.length).toBeGreaterThan(15);
  expect(after.facets).toEqual(before.facets);
  // The samples' full traces do not say their provider but in the names of spans, which is where it is taken from here.
  const sums = (rows: typeof before.traces) => rows.map(({ facets: _, ...row }) => row);
  expect(sums(after.traces)).toEqual(sums(before.traces));
  expect(before.sizes.length).toBeGreaterThan(1);
  expect(after.sizes).toEqual(before.sizes);
});

/** A file of an older version of the schema, with what that version had of another file. */
function copyAsOf(version: number, path: string, old: string): void {
  using db = new DatabaseSync(old);
  for (const migration of MIGRATIONS.slice(0, version)) db.exec(migration);
  db.exec(`PRAGMA user_version = ${version}`);
  db.prepare("ATTACH ? AS new").run(path);
  const tables = db
    .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  for (const { name } of tables) {
    const columns = db.prepare("SELECT name FROM pragma_table_info(?, 'main')").all(String(name));
    const list = columns.map((column) => String(column["name"])).join();
    db.exec(`DELETE FROM main.${name}; INSERT INTO main.${name} (${list}) SELECT ${list} FROM new.${name}`);
  }
}

/** What searches and limits look at in a file, by the names of values: their ids follow the order of arrival. */
function factsIn(path: string) {
  using db = new DatabaseSync(path, { readOnly: true, readBigInts: true });
  const facets = `SELECT experiment_id, name, value, start_ns, trace_ref FROM trace_facets
    JOIN facet_values ON id = value_id WHERE name <> 'provider' ORDER BY trace_ref, name, value`;
  const traces =
    "SELECT ref, duration_ns, state, name, bytes, json_array_length(facets) AS facets FROM traces ORDER BY ref";
  const sizes = "SELECT * FROM experiment_sizes WHERE traces > 0 ORDER BY workspace, experiment_id";
  return {
    facets: db.prepare(facets).all(),
    traces: db.prepare(traces).all(),
    sizes: db.prepare(sizes).all(),
  };
}
