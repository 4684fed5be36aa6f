import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TotalsPoint, TotalsRequest } from "../../../services/trace-writer/core/totals.ts";
import { HOUR_NS } from "../../../services/trace-writer/core/totals-units.ts";
import { addUp } from "../../../services/trace-writer/store/sqlite/add-up.ts";
import { createAddedUp } from "../../../services/trace-writer/store/sqlite/added-up.ts";
import { openForReading } from "../../../services/trace-writer/store/sqlite/open-database.ts";
import { startSqliteStore } from "../../../services/trace-writer/store/sqlite/sqlite-store.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { until } from "../../helpers/until.ts";
import { idsOf, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { claimTrace, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
const HOUR = Number(HOUR_NS);
const newFile = () => join(mkdtempSync(join(tmpdir(), "twinspan-totals-")), "traces.db");
const start = (path: string, rollUpEveryMs?: number) =>
  startSqliteStore(
    {
      path,
      cacheBytes: 8 * 1024 * 1024,
      commitBatchMax: 250,
      queueBytesMax: 64 * 1024 * 1024,
      traceSpansMax: 50,
      routes: new Map(),
      ...(rollUpEveryMs === undefined ? {} : { rollUpEveryMs }),
    },
    { committed: () => {}, failed: () => {} },
  );

/** Experiments by the order they were created in, from 1 on. */
const EXPERIMENTS = ["one", "two", "agents"] as const;
const DAY_BEGIN = T0 - (T0 % (24n * HOUR_NS));
const WITHIN = { fromNs: DAY_BEGIN, toNs: DAY_BEGIN + 96n * HOUR_NS, groupsMax: 20 };
const REQUESTS: readonly Omit<TotalsRequest, "experimentIds">[] = [
  { ...WITHIN, of: "billed", groupBy: "caller", bucketNs: 24n * HOUR_NS },
  { ...WITHIN, of: "billed", groupBy: "model", bucketNs: HOUR_NS },
  { ...WITHIN, of: "billed", groupBy: "experiment", bucketNs: 7n * HOUR_NS + 1n },
  { ...WITHIN, of: "usage", groupBy: undefined, bucketNs: 96n * HOUR_NS },
];

type AddUp = (request: TotalsRequest) => Promise<readonly TotalsPoint[]>;

async function totalsOf(store: TraceStore, add: AddUp = (request) => store.totals("default", request, never)) {
  const experiments = await store.listExperiments("default", 100, undefined);
  const experimentIds = experiments.map(({ id }) => BigInt(id));
  const all: (readonly TotalsPoint[])[] = [];
  for (const asked of REQUESTS) all.push(await add({ ...asked, experimentIds }));
  return all;
}

const writing = fc.oneof(
  fc.record({
    kind: fc.constant("record" as const),
    n: fc.integer({ min: 1, max: 12 }),
    hour: fc.integer({ min: 0, max: 60 }),
    experiment: fc.constantFrom("one", "two"),
    caller: fc.constantFrom("curl", "shop"),
    attempts: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("span" as const),
    n: fc.integer({ min: 1, max: 4 }),
    hour: fc.integer({ min: 0, max: 60 }),
    id: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("claim" as const),
    n: fc.integer({ min: 1, max: 4 }),
    to: fc.constantFrom("one", "agents"),
  }),
  fc.record({
    kind: fc.constant("delete" as const),
    experiment: fc.constantFrom(...EXPERIMENTS),
    n: fc.integer({ min: 1, max: 12 }),
  }),
);
type Writing = typeof writing extends fc.Arbitrary<infer Each> ? Each : never;

async function write(store: TraceStore, writing: Writing): Promise<void> {
  switch (writing.kind) {
    case "record": {
      const { n, hour, experiment, caller, attempts } = writing;
      const metadata = { "mlflow.gateway.caller": caller };
      await writeRecords(store, [record({ n, start: hour * HOUR, experiment, attempts, metadata })]);
      return;
    }
    case "span": {
      const { n, hour, id } = writing;
      const attributes = { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": n };
      const times = { start: hour * HOUR, end: hour * HOUR + 100 };
      await writeSpans(store, "agents", [span({ trace: traceId(n), span: spanId(id), ...times, attributes })]);
      return;
    }
    case "claim":
      await claimTrace(store, writing.to, { traceId: traceId(writing.n) });
      return;
    case "delete": {
      const found = await store.getExperiment("default", { $case: "name", value: writing.experiment });
      const traceIds = [idsOf(writing.n).full, traceId(writing.n)];
      if (found !== undefined)
        await store.deleteTraces("default", BigInt(found.id), { kind: "ids", traceIds }, 10, never);
    }
  }
}

/** A connection that sees nothing of what was added up before. */
function openRows(path: string) {
  const reading = openForReading(path, 1024 * 1024);
  reading.exec("CREATE TEMP TABLE rollups (experiment_id, hour, calls, attempts, traces)");
  return reading;
}

/** Waits until every hour was added up that has changed. How many are kept. */
const untilRolledUp = (path: string) =>
  until("every hour is added up", () => {
    using reading = openForReading(path, 1024 * 1024);
    const [due, kept] = ["changed_hours WHERE rolled = 0", "rollups"].map(
      (from) => reading.prepare(`SELECT count(*) AS hours FROM ${from}`).get()?.["hours"],
    );
    return due === 0n && Number(kept);
  });

test("what was added up before is the same as added up anew, whatever was written, moved and deleted since", async () => {
  const path = newFile();
  await using store = await start(path, 2);
  using reading = openRows(path);
  const anew: AddUp = (request) => addUp(reading, "default", request, createAddedUp(), never);
  await fc.assert(
    fc.asyncProperty(fc.array(writing, { minLength: 1, maxLength: 6 }), fc.boolean(), async (step, isAwaited) => {
      for (const each of step) await write(store, each);
      if (isAwaited) await untilRolledUp(path);
      expect(await totalsOf(store)).toEqual(await totalsOf(store, anew));
    }),
    { numRuns: 60 },
  );
});

test("what hours came to is kept in the file, answers the first question after a start, and goes with what is deleted", async () => {
  const path = newFile();
  const metadata = { "mlflow.gateway.caller": "somebody" };
  const starts = [1, 2, 30].map((hour) => hour * HOUR);
  const records = starts.map((begin, index) => record({ n: index + 1, start: begin, experiment: "one", metadata }));
  {
    await using store = await start(path, 2);
    await writeRecords(store, records);
    expect(await untilRolledUp(path)).toBeGreaterThanOrEqual(3);
  }
  await using store = await start(path, 60_000);
  using reading = openRows(path);
  expect(await totalsOf(store)).toEqual(
    await totalsOf(store, (request) => addUp(reading, "default", request, createAddedUp(), never)),
  );
  const found = await store.getExperiment("default", { $case: "name", value: "one" });
  const traceIds = [1, 2, 3].map((n) => idsOf(n).full);
  await store.deleteTraces("default", BigInt(found?.id ?? ""), { kind: "ids", traceIds }, 10, never);
  using after = openForReading(path, 1024 * 1024);
  expect(after.prepare("SELECT calls FROM rollups WHERE experiment_id = ?").all(BigInt(found?.id ?? ""))).toEqual([]);
});

test("what another process has written since counts", async () => {
  const path = newFile();
  await using one = await start(path);
  await using other = await start(path);
  await writeRecords(one, [record({ n: 1, experiment: "one" })]);
  const requestsOf = async (store: TraceStore) => (await totalsOf(store))[0]?.map(({ requests }) => requests);
  expect(await requestsOf(one)).toEqual([1]);
  await writeRecords(other, [record({ n: 2, experiment: "one" })]);
  expect(await requestsOf(one)).toEqual([2]);
});
