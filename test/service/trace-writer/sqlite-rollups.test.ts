import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { HOUR_NS } from "../../../services/trace-writer/core/totals/totals-units.ts";
import { openForReading } from "../../../services/trace-writer/store/sqlite/open-database.ts";
import { openRollUp } from "../../../services/trace-writer/store/sqlite/roll-up-hours.ts";
import { rollupOfBytes } from "../../../services/trace-writer/store/sqlite/rollup-codec.ts";
import type { RolledHour } from "../../../services/trace-writer/store/sqlite/rollup-table.ts";
import { until } from "../../../tools/until.ts";
import { idsOf, record, span, spanId, traceId } from "./sample-traces.ts";
import { newFile, openSqlite } from "./sqlite-stores.ts";
import { writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
const HOUR = Number(HOUR_NS);
const CACHE_BYTES = 1024 * 1024;
/** More traces of an hour than are added up in a turn, some of them begun at one moment, more than are found at a time. */
const MANY = 700;
const manyRecords = (experiment: string) =>
  Array.from({ length: MANY }, (_, index) => record({ n: index + 1, start: Math.max(0, index - 250), experiment }));

/** What is due, and what is kept, of an experiment. */
function hoursOf(path: string, experiment: string) {
  using db = openForReading(path, CACHE_BYTES);
  const [due, kept] = ["changed_hours WHERE rolled = 0 AND", "rollups WHERE"].map((from) =>
    db
      .prepare(`SELECT hour FROM ${from} experiment_id = (SELECT id FROM experiments WHERE name = ?) ORDER BY hour`)
      .all(experiment)
      .map(({ hour }) => hour),
  );
  return { due: due ?? [], kept: kept ?? [] };
}

/** Adds up by hand, over a connection of its own. `rolled` is what it came to. */
function openByHand(path: string) {
  const reading = openForReading(path, CACHE_BYTES);
  const rolled: RolledHour[] = [];
  const failures: unknown[] = [];
  const perform = openRollUp(reading, {
    store: (hours) => void rolled.push(...hours),
    failed: (error) => void failures.push(error),
  });
  const finishRound = () => {
    for (let outcome = perform(); outcome === "more"; ) outcome = perform();
  };
  return { perform, finishRound, rolled, failures, reading, [Symbol.dispose]: () => reading.close() };
}

/** How many calls a part of an hour came to. */
function requestsIn(part: Uint8Array | undefined): number {
  if (part === undefined) return 0;
  return Array.from(rollupOfBytes(part).cells(), ({ cell }) => cell.requests).reduce((sum, one) => sum + one, 0);
}

test("an hour that takes longer than from one erasing to the next is added up, and no erasing waits for it", async () => {
  const path = newFile();
  await using store = await openSqlite(path, { rollUpEveryMs: 2 });
  await writeRecords(store, manyRecords("long"));
  await until("the hour is added up", async () => {
    expect(await store.erase(never)).toBe(true);
    return hoursOf(path, "long").due.length === 0;
  });
  expect(hoursOf(path, "long").kept).toHaveLength(1);
});

test("between two turns of an hour nothing is held of the file, and every trace of it counts once", async () => {
  const path = newFile();
  await using store = await openSqlite(path, { rollUpEveryMs: 60_000 });
  await writeRecords(store, manyRecords("long"));
  using byHand = openByHand(path);
  // What has not changed from one round to the next has its turn in the second.
  byHand.finishRound();
  expect(byHand.perform()).toBe("more");
  expect(byHand.reading.isTransaction).toBe(false);
  using other = new DatabaseSync(path, { timeout: 0 });
  await writeSpans(store, "agents", [span({ trace: traceId(9_999), span: spanId(1) })]);
  expect(other.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()).toMatchObject({ busy: 0 });
  byHand.finishRound();
  expect(byHand.failures).toEqual([]);
  const found = await store.getExperiment("default", { $case: "name", value: "long" });
  const hours = byHand.rolled.filter(({ experimentId }) => experimentId === BigInt(found?.id ?? -1));
  expect(hours).toHaveLength(1);
  expect(requestsIn(hours[0]?.parts?.calls)).toBe(MANY);
});

test("an hour that changes between two of its turns is given up, and due in a later round", async () => {
  const path = newFile();
  await using store = await openSqlite(path, { rollUpEveryMs: 60_000 });
  await writeRecords(store, manyRecords("long"));
  using byHand = openByHand(path);
  byHand.finishRound();
  expect(byHand.perform()).toBe("more");
  const found = await store.getExperiment("default", { $case: "name", value: "long" });
  const id = BigInt(found?.id ?? -1);
  await store.deleteTraces("default", id, { kind: "ids", traceIds: [idsOf(MANY).full] }, 1, never);
  byHand.finishRound();
  expect(byHand.rolled.filter(({ experimentId }) => experimentId === id)).toEqual([]);
  // One round finds what has changed, and the next that it has not changed again.
  byHand.finishRound();
  byHand.finishRound();
  const [hour] = byHand.rolled.filter(({ experimentId }) => experimentId === id);
  expect(requestsIn(hour?.parts?.calls)).toBe(MANY - 1);
});

test("an hour that cannot be added up is told once, and those behind it are added up", async () => {
  const path = newFile();
  {
    await using store = await openSqlite(path, { rollUpEveryMs: 60_000 });
    await writeRecords(store, [record({ n: 1, experiment: "demo" })]);
    await writeRecords(store, [record({ n: 2, start: HOUR, experiment: "demo" })]);
    using db = new DatabaseSync(path, { timeout: 5_000 });
    db.exec("DELETE FROM blocks WHERE id = (SELECT min(id) FROM blocks)");
  }
  const told: string[] = [];
  await using _store = await openSqlite(path, { rollUpEveryMs: 2 }, { notAddedUp: (words) => void told.push(words) });
  await until("no hour is due", () => hoursOf(path, "demo").due.length === 0);
  await until("it is told", () => told.length > 0);
  expect(told).toEqual([expect.stringContaining("bytes are not there that a trace has")]);
  expect(hoursOf(path, "demo").kept).toHaveLength(1);
});
