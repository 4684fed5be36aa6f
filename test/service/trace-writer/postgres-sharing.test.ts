import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEFAULT_WORKSPACE } from "#lib/auth/identity.ts";
import { CHANGES_LOCK } from "../../../services/trace-writer/store/postgres/committer.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { execute, type Postgres, startPostgres } from "../../../tools/databases/postgres.ts";
import { openPostgres } from "./postgres-stores.ts";
import { idsOf, payload, record, span, spanId, traceId } from "./sample-traces.ts";
import { spansOf, writeRecords, writeSpans } from "./writing.ts";

const START_MS = 120_000;
const never = new AbortController().signal;

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
}, START_MS);
afterAll(() => server[Symbol.asyncDispose]());

test("several starters at once make one schema", async () => {
  const url = await server.newDatabase();
  await using started = new AsyncDisposableStack();
  const stores = await Promise.all(Array.from({ length: 5 }, () => openPostgres(url, { connectionsMax: 2 })));
  for (const store of stores) started.use(store);
  const versions = await execute(url, "SELECT version FROM twinspan_schema ORDER BY version");
  expect(versions).toEqual(versions.map((_, index) => ({ version: index + 1 })));
  expect(versions.length).toBeGreaterThan(0);
  expect(await stores[0]?.getExperiment("default", { $case: "id", value: "0" })).toMatchObject({ name: "Default" });
});

test("a database of the first version takes limits of experiments that were there before", async () => {
  const url = await server.newDatabase();
  {
    await using store = await openPostgres(url);
    await store.writeExperiment("default", { kind: "create", name: "old" }, AbortSignal.timeout(10_000));
  }
  await execute(url, "ALTER TABLE experiments DROP COLUMN settings");
  await execute(url, "DROP TABLE changed_hours");
  await execute(url, "DELETE FROM twinspan_schema WHERE version > 1");
  await using store = await openPostgres(url);
  const found = await store.getExperiment("default", { $case: "name", value: "old" });
  expect(found?.ownRetention).toBeUndefined();
  const ownRetention = { ageDaysMax: 3, tracesMax: 0n, bytesMax: 0n };
  const id = BigInt(found?.id ?? -1);
  await store.writeExperiment("default", { kind: "update", id, ownRetention }, AbortSignal.timeout(10_000));
  expect(await store.getExperiment("default", { $case: "id", value: `${id}` })).toMatchObject({ ownRetention });
});

test("a database that a newer twinspan wrote is refused, with words, and left as it is", async () => {
  const url = await server.newDatabase();
  await (await openPostgres(url))[Symbol.asyncDispose]();
  await execute(url, "INSERT INTO twinspan_schema VALUES (999)");
  await expect(openPostgres(url)).rejects.toThrow(
    /has schema 999, written by a newer twinspan.*Start the newer one, or name another database/,
  );
  expect(await execute(url, "SELECT max(version) AS version FROM twinspan_schema")).toEqual([{ version: 999 }]);
});

test("a database that is not there is told, without the password", async () => {
  const url = new URL(await server.newDatabase());
  url.pathname = "/nowhere";
  url.password = "hidden";
  const failure = await openPostgres(url.href).then(() => "it opened", String);
  expect(failure).toMatch(/traceWriter\.store\.postgres\.url cannot be used: .*"nowhere" does not exist/);
  expect(failure).not.toContain("hidden");
});

test("two stores that write the same traces at the same time leave what one leaves", async () => {
  const url = await server.newDatabase();
  await using one = await openPostgres(url);
  await using other = await openPostgres(url);
  let next = 1;
  const steps = fc.array(fc.tuple(fc.constantFrom("record", "root", "child", "again"), fc.boolean()), {
    minLength: 4,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const n = next++;
      const trace = traceId(n);
      const write = (kind: string, store: TraceStore): Promise<unknown> => {
        const caller = { trace, span: spanId(2) };
        if (kind === "record") return writeRecords(store, [record({ n, caller, payloads: [payload(idsOf(n).root)] })]);
        const parent = kind === "root" ? {} : { parent: spanId(1) };
        const id = spanId(kind === "root" ? 1 : 2);
        return writeSpans(store, kind === "again" ? `other-${n}` : `mine-${n}`, [
          span({ trace, span: id, end: 500, ...parent }),
        ]);
      };
      await Promise.all(plan.map(([kind, first]) => write(kind, first ? one : other)));
      const found = await one.getTrace("default", trace, true);
      expect(await other.getTrace("default", trace, true)).toEqual(found);
      const kinds = new Set(plan.map(([kind]) => kind));
      const agents = Number(kinds.has("root")) + Number(kinds.has("child") || kinds.has("again"));
      expect(found?.info?.spanCount).toBe(agents + (kinds.has("record") ? 2 : 0));
      expect(found?.info?.linkedTraceIds).toEqual(kinds.has("record") ? [`tr-${idsOf(n).full}`] : []);
      expect(new Set(spansOf(found).map((each) => each.spanId.toString("hex"))).size).toBe(found?.info?.spanCount);
    }),
    { numRuns: 40 },
  );
  const [held] = await execute(
    url,
    "SELECT sum(traces)::int AS traces, sum(bytes)::int AS bytes, (SELECT count(*)::int FROM traces) AS counted, (SELECT sum(bytes)::int FROM traces) AS summed FROM experiment_sizes",
  );
  expect([held?.["traces"], held?.["bytes"]]).toEqual([held?.["counted"], held?.["summed"]]);
});

test("who follows changes misses none of several writers, whose commits end in another order than they begin", async () => {
  const url = await server.newDatabase();
  await using one = await openPostgres(url);
  await using other = await openPostgres(url);
  await writeSpans(one, "followed", [span({ trace: traceId(0xfff), span: spanId(1) })]);
  const experiment = await one.getExperiment("default", { $case: "name", value: "followed" });
  const search = { scope: { kind: "experiments", ids: [BigInt(experiment?.id ?? -1)] }, filter: undefined } as const;
  // Somebody else's transaction in the same server, which lasts for as long as all of this.
  const elsewhere = execute(url, "SELECT pg_current_xact_id(), pg_sleep(3)");
  let position = (await one.changes("default", search, undefined, 100))?.position;
  const told: string[] = [];
  const follow = async () => {
    const page = await one.changes("default", search, position, 7);
    position = page?.position;
    told.push(...(page?.traces ?? []).map((info) => info.traceId));
    return page?.isEnd === true && page.traces.length === 0;
  };
  const traces = Array.from({ length: 120 }, (_, index) => traceId(index + 1));
  let writing = true;
  const writes = Promise.all(
    traces.map((trace, index) =>
      writeSpans(index % 2 === 0 ? one : other, "followed", [span({ trace, span: spanId(1) })]),
    ),
  ).finally(() => {
    writing = false;
  });
  while (writing) await follow();
  await writes;
  while (!(await follow()));
  expect(told.toSorted()).toEqual(traces.map((trace) => `tr-${trace}`).toSorted());
  await elsewhere;
});

test("what another writer has not ended is waited for, and what is nothing to do with traces is not", async () => {
  const url = await server.newDatabase();
  await using store = await openPostgres(url);
  const write = (n: number) => writeSpans(store, "followed", [span({ trace: traceId(n), span: spanId(1) })]);
  await write(1);
  const experiment = await store.getExperiment("default", { $case: "name", value: "followed" });
  const search = { scope: { kind: "experiments", ids: [BigInt(experiment?.id ?? -1)] }, filter: undefined } as const;
  let position = (await store.changes("default", search, undefined, 100))?.position;
  const follow = async () => {
    const page = await store.changes("default", search, position, 100);
    position = page?.position;
    return (page?.traces ?? []).map((info) => info.traceId).toSorted();
  };
  const urls = [url, url, await server.newDatabase()];
  await using opened = new AsyncDisposableStack();
  const clients = urls.map((connectionString) => {
    const client = new pg.Client({ connectionString });
    opened.defer(() => client.end());
    return client;
  });
  await Promise.all(clients.map((client) => client.connect()));
  const [writer, stranger, otherTwinspan] = clients;
  await stranger?.query("BEGIN; SELECT pg_current_xact_id()");
  await otherTwinspan?.query(
    `BEGIN; SELECT pg_current_xact_id(); SELECT pg_advisory_xact_lock_shared(${CHANGES_LOCK})`,
  );
  await write(2);
  expect(await follow()).toEqual([`tr-${traceId(2)}`]);
  await writer?.query(`BEGIN; SELECT pg_advisory_xact_lock_shared(${CHANGES_LOCK});
    UPDATE traces SET changed = pg_current_xact_id()::text::bigint WHERE trace_id = '${traceId(1)}'`);
  await write(3);
  expect(await follow()).toEqual([]);
  await writer?.query("COMMIT");
  expect(await follow()).toEqual([traceId(1), traceId(3)].map((trace) => `tr-${trace}`));
});

test("what waits for a destination is told to one trace-writer at a time, and to another when that one ends", async () => {
  const url = await server.newDatabase();
  const one = await openPostgres(url);
  await using other = await openPostgres(url);
  await writeRecords(one, [record({ n: 1, caller: { trace: traceId(1), span: spanId(1) } })]);
  expect(await one.forwards.next("mirrors", 10)).toHaveLength(1);
  expect(await other.forwards.next("mirrors", 10)).toEqual([]);
  expect((await other.forwards.waiting("mirrors")).items).toBe(1);
  await one[Symbol.asyncDispose]();
  expect(await other.forwards.next("mirrors", 10)).toHaveLength(1);
});

test("deletion leaves no row of a trace behind, in any table, and days that are empty go as tables", async () => {
  const url = await server.newDatabase();
  await using store = await openPostgres(url);
  const weekAgo = BigInt(Date.now() - 7 * 86_400_000) * 1_000_000n;
  const old = span({ trace: traceId(2), span: spanId(1) });
  Object.assign(old, { startTimeUnixNano: weekAgo, endTimeUnixNano: weekAgo + 1n });
  await writeRecords(store, [record({ n: 1, caller: { trace: traceId(1), span: spanId(1) } })]);
  await writeSpans(store, "agents", [span({ trace: traceId(1), span: spanId(1) }), old]);
  const days = async () =>
    (await execute(url, "SELECT relname FROM pg_class WHERE relname ~ '^chunks_d[0-9]+$'")).map(
      (row) => row["relname"],
    );
  const day = `chunks_d${weekAgo / 86_400_000_000_000n}`;
  expect(await days()).toContain(day);
  for (const { id } of await store.listExperiments(DEFAULT_WORKSPACE, 10, undefined)) {
    const all = { kind: "until", startNsMax: 2n ** 63n - 1n } as const;
    await store.deleteTraces("default", BigInt(id), all, 100, never);
  }
  for (const table of ["traces", "chunks"]) {
    expect(await execute(url, `SELECT count(*)::int AS rows FROM ${table}`)).toEqual([{ rows: 0 }]);
  }
  expect(await store.erase(never)).toBe(true);
  expect(await days()).not.toContain(day);
  await writeSpans(store, "agents", [old]);
  expect((await store.getTrace("default", traceId(2), true))?.info?.spanCount).toBe(1);
});

test("spans of times that no clock shows are kept, too, and read with the others of their trace", async () => {
  await using store = await openPostgres(await server.newDatabase());
  const trace = traceId(1);
  const [early, late] = [span({ trace, span: spanId(1) }), span({ trace, span: spanId(2), parent: spanId(1) })];
  Object.assign(early, { startTimeUnixNano: 1n, endTimeUnixNano: 2n });
  Object.assign(late, { startTimeUnixNano: 2n ** 62n, endTimeUnixNano: 2n ** 62n + 1n });
  await writeSpans(store, "strange", [early, late]);
  await writeSpans(store, "strange", [span({ trace, span: spanId(3), parent: spanId(1) })]);
  expect(spansOf(await store.getTrace("default", trace, true)).map((each) => each.spanId.toString("hex"))).toEqual([
    spanId(1),
    spanId(3),
    spanId(2),
  ]);
});
