import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { findRest } from "../../../services/gateway/outbox/find-rest.ts";
import { Journal } from "../../../services/gateway/outbox/journal.ts";
import { segmentPath, segmentsOf } from "../../../services/gateway/outbox/segments.ts";
import { until } from "../../../tools/until.ts";
import { type RecordingTraceWriter, startRecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { sampleInvocation, sampleRecord } from "./sample-record.ts";
import { put, startOutboxAt, takenBy } from "./started-outbox.ts";

const MiB = 1024 * 1024;
const away = new ServiceError("unavailable", "not now");

let traceWriter: RecordingTraceWriter;
let directory: string;
let path: string;
let logged: string[];
beforeAll(async () => {
  traceWriter = await startRecordingTraceWriter();
});
afterAll(() => traceWriter[Symbol.asyncDispose]());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "twinspan-outbox-"));
  path = join(directory, "outbox.db");
  logged = [];
  traceWriter.script = () => "take";
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const startAt = (where: string) => startOutboxAt(where, { traceWriter, logged });
const taken = () => takenBy(traceWriter);

/** Writes records into a segment that a process has left, a block each. Returns their ids, and where each block begins. */
async function leave(count: number) {
  await using journal = new Journal(path, "process", { segments: [], foreign: [] });
  const ids: string[] = [];
  const offsets: number[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const call = sampleInvocation();
    ids.push(call.traceId);
    const record = { kind: "finish", traceId: call.traceId, ...sampleRecord(call, Buffer.from('"asked"')) } as const;
    const place = await journal.append({ timeMs: 1, goneUpTo: 0, firstSeq: seq }, [record]);
    offsets.push(place.offset);
  }
  return { ids, offsets };
}

async function damage(file: string, at: number): Promise<void> {
  await using handle = await open(file, "r+");
  await handle.write(Buffer.from("rotten"), 0, 6, at);
}

test("a block that has rotted costs its own records: those behind it are delivered, and what is lost is counted and told", async () => {
  const { ids, offsets } = await leave(5);
  await damage(segmentPath(path, 1), (offsets[2] ?? 0) + 60);
  await using outbox = await startAt(path);
  await until("nothing waits", () => outbox.state().records === 0);
  expect(ids.map((id) => taken().has(id))).toEqual([true, true, false, true, true]);
  const { records, bytes, shed, damagedPlaces, damage: words, trouble } = outbox.state();
  expect({ records, bytes, damagedPlaces, trouble }).toEqual({
    records: 0,
    bytes: 0,
    damagedPlaces: 1,
    trouble: undefined,
  });
  expect(shed["record:damaged"]).toBe(1);
  expect(words).toBe("the outbox's files are damaged: records lost: 1, places that cannot be read: 1");
  expect(logged.filter((line) => line.includes('"level":50'))).toEqual([
    expect.stringMatching(
      /"why":"damaged","offset":\d+,"bytes":\d+,"places":1,"msg":"a part of the outbox cannot be read"/,
    ),
    expect.stringContaining('"records":1,"inAll":1,"msg":"records are lost'),
  ]);
});

test.each([
  ["word", [0]],
  ["nonce", [18]],
  ["word and first block, which has no record,", [0, 40]],
  ["word and repeated nonce", [0, 26]],
])("a segment whose %s has rotted costs no record, though it is the last", async (_, places) => {
  const { ids } = await leave(3);
  for (const at of places) await damage(segmentPath(path, 1), at);
  await using outbox = await startAt(path);
  await until("nothing waits", () => outbox.state().records === 0);
  expect(ids.filter((id) => taken().has(id))).toEqual(ids);
});

test("records that are lost with nothing behind them are counted, too", async () => {
  const { ids, offsets } = await leave(2);
  {
    await using journal = new Journal(path, "process", await segmentsOf(path));
    await journal.append({ timeMs: 1, goneUpTo: 0, firstSeq: 3 }, []);
  }
  for (const offset of offsets) await damage(segmentPath(path, 1), offset + 60);
  await using outbox = await startAt(path);
  await until("they are missed", () => outbox.state().records === 0);
  expect(outbox.state()).toMatchObject({ damagedPlaces: 1, shed: { "record:damaged": ids.length } });
  // Once: a process that comes after this one does not miss them again.
  await outbox.begin(sampleInvocation());
  await until("the segment that had them goes", () => !existsSync(segmentPath(path, 1)));
  expect((await findRest(path)).records).toBe(0);
});

test("an end that stays unreadable is passed over, and told as an unknown number of records; what comes then is another series", async () => {
  const { ids, offsets } = await leave(3);
  await damage(segmentPath(path, 1), (offsets[2] ?? 0) + 60);
  traceWriter.script = () => away;
  const late = await (async () => {
    await using outbox = await startAt(path);
    expect(outbox.state()).toMatchObject({ records: 2, damagedPlaces: 1 });
    return put(outbox);
  })();
  // What the first process could read rots, too: it was before the other series.
  await damage(segmentPath(path, 1), (offsets[1] ?? 0) + 60);
  traceWriter.script = () => "take";
  await using outbox = await startAt(path);
  await until("nothing waits", () => taken().has(late) && outbox.state().records === 0);
  expect(ids.map((id) => taken().has(id))).toEqual([true, false, false]);
  expect(outbox.state().damage).toContain("records lost: 0 and an unknown number, places that cannot be read: 1");
  expect(logged.filter((line) => line.includes("how many there were at the end cannot be known"))).not.toEqual([]);
});

test("a segment that is missing is counted and gone on behind: nothing else is lost, while it runs or from one process to the next", async () => {
  traceWriter.script = () => away;
  const ids: string[] = [];
  const first = await startAt(path);
  for (let count = 0; count < 16; count += 1) ids.push(await put(first, 4 * MiB));
  await rm(segmentPath(path, 3));
  await first[Symbol.asyncDispose]();
  await rm(segmentPath(path, 2));

  await using outbox = await startAt(path);
  expect(outbox.state().records).toBe(ids.length);
  ids.push(await put(outbox));
  traceWriter.script = () => "take";
  await until("nothing waits", () => outbox.state().records === 0);
  const delivered = ids.filter((id) => taken().has(id));
  expect(outbox.state().shed["record:damaged"]).toBe(ids.length - delivered.length);
  expect(ids.length - delivered.length).toBe(8);
  expect(taken()).toContain(ids.at(-1));
  expect(outbox.state().damage).toContain("records lost: 8");
});

test("a segment that goes missing while the outbox runs is passed over, and counted", async () => {
  traceWriter.script = () => away;
  await using outbox = await startAt(path);
  const ids: string[] = [];
  for (let count = 0; count < 12; count += 1) ids.push(await put(outbox, 4 * MiB));
  await rm(segmentPath(path, 2));
  traceWriter.script = () => "take";
  await until("nothing waits", () => outbox.state().records === 0);
  const lost = ids.filter((id) => !taken().has(id)).length;
  expect(lost).toBeGreaterThan(0);
  expect(outbox.state()).toMatchObject({ damagedPlaces: 1, bytes: 0, shed: { "record:damaged": lost } });
});

test("files of others that have a segment's name are left as they are, and written around", async () => {
  await writeFile(`${path}.1`, "somebody's copy");
  await writeFile(`${path}.4`, "another's");
  await mkdir(`${path}.5`);
  await writeFile(`${path}.2`, "");
  const outbox = await startAt(path);
  expect(logged).toEqual([
    expect.stringContaining('"numbers":[1,4,5],"msg":"files beside the outbox are not its own"'),
  ]);
  const first = await put(outbox);
  await writeFile(`${path}.7`, "while it runs");
  for (let count = 0; count < 6; count += 1) await put(outbox, 4 * MiB);
  await until("the next segment is begun", () => existsSync(`${path}.8`));
  await until("all is delivered, and gone", () => taken().has(first) && outbox.state().records === 0);
  await outbox[Symbol.asyncDispose]();
  expect(await segmentsOf(path)).toEqual({ segments: [], foreign: [1, 4, 5, 7] });
  const texts = [1, 4, 7].map((number) => readFile(`${path}.${number}`, "utf8"));
  expect(await Promise.all(texts)).toEqual(["somebody's copy", "another's", "while it runs"]);
});

test("why no new segment can be begun is told, and nothing is lost; it is begun once it can be", async () => {
  traceWriter.script = () => away;
  await using outbox = await startAt(path);
  const ids = [await put(outbox)];
  // Where its directory is another one for a while, no file can be made in it.
  await rename(directory, `${directory}-away`);
  for (let count = 0; count < 6; count += 1) ids.push(await put(outbox, 4 * MiB));
  await until("it is told", () =>
    outbox.state().trouble?.includes("a new segment of the outbox cannot be begun: ENOENT"),
  );
  await put(outbox);
  expect(outbox.state().trouble).toContain("cannot be begun");
  // What is not in memory cannot be read meanwhile, and is not taken for lost.
  traceWriter.script = () => "take";
  await until("it is told", () => outbox.state().trouble?.includes("the outbox cannot be read: ENOENT"));
  await rename(`${directory}-away`, directory);
  await until("it is begun", () => outbox.state().trouble === undefined);
  expect(existsSync(segmentPath(path, 2))).toBe(true);
  await until("all are delivered", () => ids.every((id) => taken().has(id)));
  expect(outbox.state().shed).toMatchObject({ "record:disk": 0, "record:damaged": 0 });
});

test("others get their turn while much that was left is read, and what is read is bounded", async () => {
  {
    await using journal = new Journal(path, "process", { segments: [], foreign: [] });
    const payload = Buffer.alloc(MiB / 2);
    for (let seq = 1; seq <= 48; seq += 1) {
      const record = { kind: "finish", traceId: "a".repeat(32), told: Buffer.alloc(1), payload } as const;
      await journal.append({ timeMs: seq, goneUpTo: seq - 4, firstSeq: seq }, [record]);
    }
  }
  let turns = 0;
  let isReading = true;
  const turn = () => {
    turns += 1;
    if (isReading) setImmediate(turn);
  };
  setImmediate(turn);
  const found = await findRest(path);
  isReading = false;
  expect(turns).toBeGreaterThan(20);
  expect(found).toMatchObject({ records: 4, bytes: 4 * (MiB / 2 + 1), oldestMs: 45, goneUpTo: 44, nextSeq: 49 });
  expect(found.firstAt?.segment).toBe(found.segments.at(-1));
});

test("a batch that is full by its bytes goes at once", async () => {
  // Nobody waits so long below.
  await using outbox = await startOutboxAt(path, { traceWriter, logged, lingerMs: 10_000 });
  const id = await put(outbox, 5 * MiB);
  await until("it is delivered", () => taken().has(id), 8000);
});
