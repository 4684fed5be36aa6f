import fc from "fast-check";
import { expect, test } from "vitest";
import type { TotalsRequest } from "../../../services/trace-writer/core/totals/totals.ts";
import { HOUR_NS } from "../../../services/trace-writer/core/totals/totals-units.ts";
import { createAddedUp } from "../../../services/trace-writer/store/added-up.ts";
import { openAddUp } from "../../../services/trace-writer/store/sqlite/add-up.ts";
import { openForReading } from "../../../services/trace-writer/store/sqlite/open-database.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { until } from "../../../tools/until.ts";
import { idsOf, record, T0 } from "./sample-traces.ts";
import { newFile, openSqlite } from "./sqlite-stores.ts";
import { type AddUp, totalsOf, write, writing } from "./totals-writing.ts";
import { writeRecords } from "./writing.ts";

const never = new AbortController().signal;
const HOUR = Number(HOUR_NS);
const start = (path: string, rollUpEveryMs?: number) =>
  openSqlite(path, rollUpEveryMs === undefined ? {} : { rollUpEveryMs });

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
  const anew: AddUp = (request) => openAddUp(reading, createAddedUp(1))("default", request, never);
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
    await totalsOf(store, (request) => openAddUp(reading, createAddedUp(1))("default", request, never)),
  );
  const found = await store.getExperiment("default", { $case: "name", value: "one" });
  const traceIds = [1, 2, 3].map((n) => idsOf(n).full);
  await store.deleteTraces("default", BigInt(found?.id ?? ""), { kind: "ids", traceIds }, 10, never);
  using after = openForReading(path, 1024 * 1024);
  expect(after.prepare("SELECT calls FROM rollups WHERE experiment_id = ?").all(BigInt(found?.id ?? ""))).toEqual([]);
});

test("half days that were added up answer for other buckets and groups, and nothing is read again", async () => {
  const path = newFile();
  await using store = await start(path, 60_000);
  await writeRecords(
    store,
    [1, 9, 20, 41].map((hour, index) => record({ n: index + 1, start: hour * HOUR, experiment: "one" })),
  );
  const found = await store.getExperiment("default", { $case: "name", value: "one" });
  const fromNs = T0 - (T0 % (24n * HOUR_NS));
  const ask = (add: AddUp, bucketHours: bigint, groupBy: TotalsRequest["groupBy"]) =>
    add({
      experimentIds: [BigInt(found?.id ?? "")],
      fromNs,
      toNs: fromNs + 96n * HOUR_NS,
      bucketNs: bucketHours * HOUR_NS,
      of: "billed",
      groupBy,
      groupsMax: 20,
    });
  using reading = openForReading(path, 1024 * 1024);
  const addUp = openAddUp(reading, createAddedUp(1024 * 1024));
  const again: AddUp = (request) => addUp("default", request, never);
  await ask(again, 12n, "model");
  // Whoever reads them fails.
  reading.exec("CREATE TEMP TABLE rollups (none); CREATE TEMP TABLE traces (none)");
  const anew: AddUp = (request) => store.totals("default", request, never);
  for (const bucketHours of [12n, 24n, 96n]) {
    expect(await ask(again, bucketHours, "provider")).toEqual(await ask(anew, bucketHours, "provider"));
  }
  await expect(ask(again, 1n, "model")).rejects.toThrow("no such");
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
