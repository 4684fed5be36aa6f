import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { bytesIn } from "../../../services/trace-writer/store/columns.ts";
import { unpack } from "../../../services/trace-writer/store/packing.ts";
import { eraseStep } from "../../../services/trace-writer/store/sqlite/erase-step.ts";
import { openEraser } from "../../../services/trace-writer/store/sqlite/erasure-table.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { idsOf, payload, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { newFile, openSqlite } from "./sqlite-stores.ts";
import { writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
const TRACES = 400;

/** What stands in a trace, and nowhere else. */
const canaryOf = (n: number) => `secret<${n}>`;

/** An agent's trace with a canary in every place that has text of an agent, and a full trace with one in its payload. */
async function writeTwins(store: TraceStore, n: number): Promise<void> {
  const said = {
    "session.id": `session ${canaryOf(n)}`,
    "user.id": `user ${canaryOf(n)}`,
    "mlflow.spanInputs": `${canaryOf(n)} `.repeat(5),
    filler: String(Math.random()).repeat(500),
  };
  const name = `work ${canaryOf(n)}`;
  await writeSpans(store, "agents", [
    span({ trace: traceId(n), span: spanId(1), start: n, end: n + 200, name, attributes: said }),
  ]);
  const payloads = [{ ...payload(idsOf(n).root, canaryOf(n)), inputs: Buffer.from(`{"said":"${canaryOf(n)}"}`) }];
  await writeRecords(store, [
    record({ n, start: n, payloads, metadata: { note: canaryOf(n) }, caller: { trace: traceId(n), span: spanId(1) } }),
  ]);
  await store.editTags("default", traceId(n), { tag: canaryOf(n) }, never);
}

async function remove(store: TraceStore, experiment: string, traceIds: readonly string[]): Promise<void> {
  const found = await store.getExperiment("default", { $case: "name", value: experiment });
  const which = { kind: "ids", traceIds } as const;
  const outcome = await store.deleteTraces("default", BigInt(found?.id ?? -1), which, traceIds.length, never);
  expect(outcome).toEqual({ kind: "deleted", traces: traceIds.length, isMore: false });
}

/** The traces whose canaries are found on the disk: in the file, or in its write-ahead log. */
function foundOnDisk(path: string): ReadonlySet<number> {
  const files = [path, `${path}-wal`].filter((file) => existsSync(file));
  const text = files.map((file) => readFileSync(file, "latin1")).join("\n");
  return new Set(Array.from(text.matchAll(/secret<(\d+)>/g), ([, n]) => Number(n)));
}

test("what is deleted, in whatever order, is on the disk no more, and its room is given back", async () => {
  const path = newFile();
  await using store = await openSqlite(path);
  const numbers = Array.from({ length: TRACES }, (_, index) => index + 1);
  await Promise.all(numbers.map((n) => writeTwins(store, n)));
  expect(await store.erase(never)).toBe(true);
  expect(foundOnDisk(path)).toEqual(new Set(numbers));
  const before = statSync(path).size;

  const kept = new Set(numbers.filter((n) => n % 40 === 0));
  const deleted = numbers.filter((n) => !kept.has(n)).toSorted((a, b) => ((a * 7919) % 401) - ((b * 7919) % 401));
  for (let at = 0; at < deleted.length; at += 13) {
    const some = deleted.slice(at, at + 13);
    await remove(store, "agents", some.map(traceId));
    await remove(
      store,
      "gateway/demo",
      some.map((n) => idsOf(n).full),
    );
  }
  expect(foundOnDisk(path).size).toBeGreaterThan(kept.size);
  expect(await store.erase(never)).toBe(true);
  expect(foundOnDisk(path)).toEqual(kept);
  expect(statSync(path).size).toBeLessThan(before / 4);
  expect(statSync(`${path}-wal`).size).toBe(0);
  for (const n of kept) expect((await store.getTrace("default", traceId(n), true))?.info?.spanCount).toBe(3);
});

test("what a later span has replaced is on the disk no more", async () => {
  const path = newFile();
  await using store = await openSqlite(path);
  for (const n of [1, 2]) {
    await writeSpans(store, "agents", [span({ trace: traceId(1), span: spanId(1), end: n, name: canaryOf(n) })]);
  }
  expect(await store.erase(never)).toBe(true);
  expect(foundOnDisk(path)).toEqual(new Set([2]));
});

test("a damaged block and a missing one do not keep what lies behind them on the disk, and a damaged one is told", async () => {
  const path = newFile();
  await using store = await openSqlite(path);
  for (const first of [1, 3, 5]) {
    const spans = [first, first + 1].map((n) =>
      span({ trace: traceId(n), span: spanId(1), start: n, attributes: { filler: canaryOf(n).repeat(50) } }),
    );
    await writeSpans(store, "agents", spans);
  }
  {
    using db = new DatabaseSync(path, { timeout: 5_000 });
    expect(db.prepare("SELECT count(*) AS blocks FROM blocks").get()?.["blocks"]).toBe(3);
    db.exec("DELETE FROM blocks WHERE id = 1");
    db.exec("UPDATE blocks SET bytes = substr(bytes, 1, 40) WHERE id = 2");
  }
  await remove(store, "agents", [1, 3, 5].map(traceId));
  await expect(store.erase(never)).rejects.toMatchObject({
    cause: { message: expect.stringContaining("blocks 2 were damaged") },
  });
  expect(await store.erase(never)).toBe(true);
  using db = new DatabaseSync(path, { readOnly: true });
  expect(db.prepare("SELECT count(*) AS places FROM erasures").get()?.["places"]).toBe(0);
  const [block, ...others] = db.prepare("SELECT bytes FROM blocks").all();
  expect(others).toEqual([]);
  const text = Buffer.from(unpack(bytesIn(block ?? {}, "bytes"))).toString("latin1");
  expect(new Set(text.match(/secret<\d+>/g))).toEqual(new Set([canaryOf(6)]));
  await expect(store.getTrace("default", traceId(4), true)).rejects.toThrow("bytes are not there that a trace has");
});

test("while somebody reads what was there before, erasing says that some of it is left, and writes go on", async () => {
  const path = newFile();
  await using store = await openSqlite(path);
  await writeTwins(store, 1);
  using reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM batches").get();
  await remove(store, "agents", [traceId(1)]);
  await remove(store, "gateway/demo", [idsOf(1).full]);
  expect(await store.erase(never)).toBe(false);
  await writeTwins(store, 2);
  reader.exec("COMMIT");
  expect(await store.erase(never)).toBe(true);
  expect(foundOnDisk(path)).toEqual(new Set([2]));
});

test("however many blocks traces are in, neither deleting nor erasing them has a write wait for all of these", async () => {
  const path = newFile();
  await using store = await openSqlite(path);
  const traces = Array.from({ length: 30 }, (_, index) => index + 1);
  // Span by span: each of 40 commits makes a block, with a span of each trace.
  for (let id = 1; id <= 40; id += 1) {
    const spans = traces.map((n) => {
      const filler = canaryOf(n) + randomBytes(1_000).toString("hex");
      return span({ trace: traceId(n), span: spanId(id), start: n, attributes: { filler } });
    });
    await writeSpans(store, "agents", spans);
  }
  using db = new DatabaseSync(path, { readBigInts: true, timeout: 5_000 });
  const blocks = db.prepare("SELECT id, bytes FROM blocks ORDER BY id");
  const waiting = db.prepare("SELECT count(*) AS places FROM erasures");
  const before = blocks.all();
  expect(before.length).toBeGreaterThanOrEqual(40);

  const found = await store.getExperiment("default", { $case: "name", value: "agents" });
  const kept = { startNsMin: T0 + 30n };
  const trim = () => store.trimTraces("default", BigInt(found?.id ?? -1), kept, 50, never);
  // What is written first has a commit of its own, and meanwhile the others wait for theirs, which they share.
  const created = store.writeExperiment("default", { kind: "create", name: "first" }, never);
  const shared = await Promise.all([trim(), trim()]);
  await created;
  const steps = [...shared, await trim(), await trim()];
  expect(steps.map(({ length }) => length)).toEqual([25, 1, 3, 0]);
  expect(blocks.all()).toEqual(before);
  expect(waiting.get()?.["places"]).toBe(29n * 40n);

  expect(openEraser(db)()).toBe(true);
  const left = waiting.get()?.["places"];
  expect(left).toBeGreaterThan(0n);
  expect(left).toBeLessThan(29n * 40n);
  expect(await store.erase(never)).toBe(true);
  const text = blocks.all().map((row) => Buffer.from(unpack(bytesIn(row, "bytes"))).toString("latin1"));
  expect(new Set(text.join().match(/secret<\d+>/g))).toEqual(new Set([canaryOf(30)]));
  expect((await store.getTrace("default", traceId(30), true))?.info?.spanCount).toBe(40);
});

test.each([4096, 8192])(
  "a file of less than 16 MiB is written anew as a whole, also with pages of %d bytes",
  (pageBytes) => {
    using db = new DatabaseSync(newFile(), { readBigInts: true });
    // Such a file never gives free pages back but when it is written anew.
    db.exec(
      `PRAGMA page_size = ${pageBytes}; CREATE TABLE large (bytes); INSERT INTO large VALUES (zeroblob(15000000))`,
    );
    db.exec("DELETE FROM large");
    eraseStep(db, 0);
    expect(db.prepare("PRAGMA freelist_count").get()?.["freelist_count"]).toBe(0n);
  },
);
