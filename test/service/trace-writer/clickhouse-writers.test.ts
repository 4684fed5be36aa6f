import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ForwardRoutes } from "../../../services/trace-writer/core/forwarding/forward-routes.ts";
import { connect } from "../../../services/trace-writer/store/clickhouse/connection.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { type OwnClickHouse, startOwnClickHouse } from "../../../tools/databases/clickhouse.ts";
import { until } from "../../../tools/until.ts";
import { clickHouseOptions, openClickHouse } from "./clickhouse-stores.ts";
import { idsOf, payload, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { searchTraces, spansOf, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
/** Hundreds of queries, of some milliseconds each on a machine that has time. */
vi.setConfig({ testTimeout: 120_000 });

let server: OwnClickHouse;
beforeAll(async () => {
  server = await startOwnClickHouse();
}, 600_000);
afterAll(() => server[Symbol.asyncDispose]());

const optionsOf = (database: string) => clickHouseOptions(server, database, { traceSpansMax: 1000 });
const open = (database: string, routes: ForwardRoutes = new Map()) =>
  openClickHouse(server, database, { traceSpansMax: 1000, routes });
const experimentId = async (store: TraceStore, name: string) =>
  BigInt((await store.getExperiment("default", { $case: "name", value: name }))?.id ?? -1);

test("stores that write the same traces at the same moment lose nothing, double nothing, and list what is there", async () => {
  const database = server.newDatabase();
  await using one = await open(database);
  await using other = await open(database);
  const traces = [1, 2, 3].map(traceId);
  const records = [1, 2, 3, 4].map((n) =>
    record({ n, start: n, caller: { trace: traces[n % traces.length] ?? "", span: spanId(1) } }),
  );
  await Promise.all(
    [one, other].flatMap((store, side) => [
      ...records.map((each) => writeRecords(store, [each])),
      ...traces.flatMap((trace) =>
        [1, 2, 3].map((id) => {
          // Each side has spans of its own, and some that both send.
          const own = span({ trace, span: spanId(10 * (side + 1) + id), parent: spanId(1), start: id });
          return writeSpans(store, side === 0 ? "left" : "right", [span({ trace, span: spanId(1), end: 900 }), own]);
        }),
      ),
    ]),
  );
  for (const store of [one, other]) {
    for (const [index, trace] of traces.entries()) {
      const found = await store.getTrace("default", trace, true);
      const mirrors = records.filter((_, at) => (at + 1) % traces.length === index);
      expect(found?.info?.spanCount).toBe(1 + 2 * 3 + mirrors.length * 2);
      expect(new Set(spansOf(found).map(({ spanId: id }) => id.toString("hex"))).size).toBe(found?.info?.spanCount);
      const scope = { kind: "experiments", ids: [BigInt(found?.info?.experimentId ?? -1)] } as const;
      const listed = await searchTraces(store, scope);
      expect(listed.filter((info) => info.traceId === `tr-${trace}`)).toEqual([found?.info]);
    }
    // The name that sorts first owns what both sent, whoever came first; and no trace is listed twice.
    const counts = await Promise.all(
      ["left", "right"].map(async (name) =>
        searchTraces(store, { kind: "experiments", ids: [await experimentId(store, name)] }),
      ),
    );
    expect(counts.map((listed) => listed.length)).toEqual([traces.length, 0]);
    const request = {
      experimentIds: (await store.listExperiments("default", 100, undefined)).map(({ id }) => BigInt(id)),
      fromNs: T0,
      toNs: T0 + 1_000_000n,
      bucketNs: 1_000_000n,
      of: "billed",
      groupBy: undefined,
      groupsMax: 10,
    } as const;
    expect(await store.totals("default", request, never)).toMatchObject([{ requests: records.length }]);
  }
});

test("a record and the seal of its mirror's trace, written by two stores at once, end in one of two ways, the same for both", async () => {
  const database = server.newDatabase();
  await using one = await open(database);
  await using other = await open(database);
  for (let n = 100; n < 110; n += 1) {
    const sealed = n + 1000;
    await Promise.all([
      writeRecords(one, [record({ n, caller: { trace: idsOf(sealed).full, span: spanId(1) } })]),
      writeRecords(other, [record({ n: sealed })]),
    ]);
    const [full, target] = await Promise.all(
      [idsOf(n).full, idsOf(sealed).full].map((trace) => one.getTrace("default", trace, true)),
    );
    expect(target?.info).toMatchObject({ sealed: true, spanCount: 2, linkedTraceIds: [] });
    expect(full?.info?.linkedTraceIds).toEqual([]);
    expect(spansOf(full)[0]?.links).toEqual([]);
  }
});

test("both halves of a record are one block of one part", async () => {
  const database = server.newDatabase();
  await using store = await open(database);
  await using connection = connect(optionsOf(database));
  await connection.command("SYSTEM STOP MERGES facts");
  const records = Array.from({ length: 100 }, (_, n) =>
    record({ n: n + 1, payloads: [payload(idsOf(n + 1).root)], caller: { trace: traceId(n + 1), span: spanId(1) } }),
  );
  await writeRecords(store, records);
  const parts = await connection.query(
    "SELECT uniqExact(_part), countIf(kind = 'full'), countIf(kind = 'mirror') FROM facts GROUP BY home",
    {},
    (row) => [Number(row.uint64()), Number(row.uint64()), Number(row.uint64())],
  );
  expect(parts).toEqual(records.map(() => [1, 1, 1]));
});

test("what is deleted is removed from every table, and its versions of before as well", async () => {
  const database = server.newDatabase();
  await using store = await open(database);
  await using connection = connect(optionsOf(database));
  const trace = traceId(1);
  await writeRecords(store, [record({ n: 1, caller: { trace, span: spanId(1) } })]);
  await writeSpans(store, "gone", [span({ trace, span: spanId(1), end: 900 })]);
  await writeSpans(store, "gone", [span({ trace, span: spanId(1), end: 950 })]);
  await writeSpans(store, "kept", [span({ trace: traceId(2), span: spanId(1) })]);
  const which = { kind: "ids", traceIds: [trace] } as const;
  const outcome = await store.deleteTraces("default", await experimentId(store, "gone"), which, 10, never);
  expect(outcome).toEqual({ kind: "deleted", traces: 1, isMore: false });
  await until("nothing is left on the disk", () => store.erase(never), 60_000);
  for (const table of ["facts", "traces"]) {
    const count = `SELECT countIf(trace_id = unhex('${trace}')), countIf(trace_id != unhex('${trace}')) > 0 FROM ${table}`;
    expect(await connection.query(count, {}, (row) => [Number(row.uint64()), row.uint8()])).toEqual([[0, 1]]);
  }
  expect((await store.getTrace("default", idsOf(1).full, true))?.info?.linkedTraceIds).toEqual([]);
  await writeSpans(store, "again", [span({ trace, span: spanId(5) })]);
  expect((await store.getTrace("default", trace, true))?.info?.spanCount).toBe(1);
  expect((await store.getTrace("default", traceId(2), true))?.info?.spanCount).toBe(1);
}, 90_000);

test("facts that lists never heard of, since their writer ended, are listed and forwarded by the next that starts", async () => {
  const database = server.newDatabase();
  await using store = await open(database);
  await using connection = connect(optionsOf(database));
  await writeSpans(store, "found", [span({ trace: traceId(1), span: spanId(1) })]);
  await writeRecords(store, [record({ n: 7, caller: { trace: traceId(7), span: spanId(1), key: "team" } })]);
  await connection.command("TRUNCATE TABLE traces");
  await using next = await open(
    database,
    new Map([
      [
        "default",
        {
          mirrors: ["mirrors"],
          keys: new Map([["team", ["team"]]]),
          experiments: new Map([["found", ["traces"]]]),
        },
      ],
    ]),
  );
  const scope = { kind: "experiments", ids: [await experimentId(next, "found")] } as const;
  expect(await searchTraces(next, scope)).toHaveLength(1);
  expect(await next.forwards.next("traces", 10)).toMatchObject([{ traceId: traceId(1) }]);
  for (const destination of ["mirrors", "team"]) {
    expect(await next.forwards.next(destination, 10)).toMatchObject([{ traceId: traceId(7), items: [{ spans: 2 }] }]);
  }
});

test("an engine that is killed under load has lost nothing that was acknowledged, and doubled nothing", async () => {
  const database = server.newDatabase();
  await using store = await open(database);
  const acknowledged = new Set<number>();
  let refused = 0;
  let next = 1;
  let writing = true;
  const write = async () => {
    while (writing) {
      const n = next++;
      const one = record({ n, start: n, caller: { trace: traceId(n), span: spanId(1) } });
      // Whoever is refused writes again, as the gateway's outbox does.
      while (writing && !acknowledged.has(n)) {
        await writeRecords(store, [one]).then(
          () => acknowledged.add(n),
          () => {
            refused += 1;
          },
        );
        await new Promise(setImmediate);
      }
    }
  };
  const writers = [write(), write(), write(), write()];
  await until("some are stored", () => acknowledged.size > 20, 30_000);
  await server.crash();
  const before = acknowledged.size;
  await until("others are stored afterwards", () => acknowledged.size > before + 20, 60_000);
  writing = false;
  await Promise.all(writers);
  expect(refused).toBeGreaterThan(0);
  expect(store.condition().degraded).toBeUndefined();
  const numbers = [...acknowledged];
  const infos = await store.getTraceInfos(
    "default",
    numbers.flatMap((n) => [idsOf(n).full, traceId(n)]),
  );
  expect(infos).toHaveLength(numbers.length * 2);
  expect(infos.every(({ spanCount, linkedTraceIds }) => spanCount === 2 && linkedTraceIds.length === 1)).toBe(true);
  const scope = { kind: "experiments", ids: [await experimentId(store, "gateway/demo")] } as const;
  const listed = (await searchTraces(store, scope)).map((info) => info.traceId);
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed).toEqual(expect.arrayContaining(numbers.map((n) => `tr-${idsOf(n).full}`)));
}, 120_000);
