import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogger } from "#lib/logger.ts";
import type { Write } from "../../../services/gateway/outbox/block.ts";
import { findRest } from "../../../services/gateway/outbox/find-rest.ts";
import { Journal } from "../../../services/gateway/outbox/journal.ts";
import { startOutbox } from "../../../services/gateway/outbox/outbox.ts";
import { RecordQueue } from "../../../services/gateway/outbox/record-queue.ts";
import { segmentsOf } from "../../../services/gateway/outbox/segments.ts";
import type { LossObserver } from "../../../services/gateway/outbox/unread-records.ts";
import { startGateway } from "../../../services/gateway/server.ts";
import { until } from "../../../tools/until.ts";
import { startRecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { outboxRest } from "../../system/outbox-rest.ts";
import { configOf, recordsOf } from "../../system/start-gateway.ts";
import { viewOf } from "../../traces/record-view.ts";
import { earlierOutbox } from "./earlier-outbox.ts";
import { sampleInvocation } from "./sample-record.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "twinspan-outbox-"));
  path = join(directory, "outbox.db");
});
afterEach(() => rm(directory, { recursive: true }));

const MiB = 1024 * 1024;
/** What is missing fails the test. */
const NO_LOSSES: LossObserver = {
  found: (place) => expect.unreachable(`a place cannot be read: ${JSON.stringify(place)}`),
  lost: (records) => expect.unreachable(`${records} records are lost`),
  lostUncounted: () => expect.unreachable("nobody knows how many records are lost"),
};
/** How many bytes this process has read, whether or not a disk was asked. */
const READ_BYTES = "/proc/self/io";
const NO_FILES = { segments: [], foreign: [] };
/** Records of 4 MiB: more than memory holds, over several segments. */
const RECORDS = 8;
const numbered = (number: number): Write => ({
  kind: "finish",
  traceId: "a".repeat(32),
  told: Buffer.from([number]),
  payload: Buffer.alloc(4 * MiB),
});

test("records beyond what memory holds come from the disk, each once and in order, also after a death; segments go with theirs", async () => {
  const taken: number[] = [];
  let written = 0;
  for (let deaths = 0; deaths <= 1; deaths += 1) {
    const found = await findRest(path);
    expect(found.records).toBe(written - taken.length);
    await using journal = new Journal(path, "process", found);
    const queue = new RecordQueue(path, found, NO_LOSSES);
    const note = { kind: "begin", traceId: "b".repeat(32), note: Buffer.from("a call in flight") } as const;
    await journal.append(queue.headAt(1), deaths === 0 ? [note] : []);
    const write = async () => {
      const writes = [numbered(written++)];
      const place = await journal.append(queue.headAt(written), writes);
      queue.add(writes, written, place, journal.end);
    };
    const take = async () => {
      const batch = await queue.first(3, 100 * MiB);
      queue.remove(batch.length);
      taken.push(...batch.map(({ told }) => told[0] ?? -1));
    };
    for (let added = 0; added < RECORDS; added += 1) await write();
    await take();
    // While the next are read from the disk others are written.
    for (let turn = 0; turn < 3; turn += 1) await Promise.all([take(), write()]);
    await journal.append(queue.headAt(2), []);
    await journal.release(queue.firstSegment ?? journal.end.segment);
    expect((await segmentsOf(path)).segments[0]).toBe(queue.firstSegment);
    if (deaths === 0) continue;
    while (queue.records > 0) await take();
    await journal.append(queue.headAt(3), []);
    await journal.release(queue.firstSegment ?? journal.end.segment);
    expect((await segmentsOf(path)).segments).toEqual([journal.end.segment]);
  }
  expect(taken).toEqual(Array.from({ length: written }, (_, number) => number));
  expect((await outboxRest({ outboxPath: path })).records).toBe(0);
});

test("what waits on the disk is read once, however small the batches are in which it goes", async ({ skip }) => {
  if (!existsSync(READ_BYTES)) return skip(`only Linux says in ${READ_BYTES} how much was read`);
  await using journal = new Journal(path, "process", NO_FILES);
  const queue = new RecordQueue(path, await findRest(path), NO_LOSSES);
  const payload = Buffer.alloc(MiB / 4);
  const write = async () => {
    const writes = [{ kind: "finish", traceId: "a".repeat(32), told: Buffer.alloc(1), payload } as const];
    const place = await journal.append(queue.headAt(1), writes);
    queue.add(writes, 1, place, journal.end);
  };
  for (let held = 0; held < 64; held += 1) await write();
  const before = readBytes();
  let read = 0;
  for (let turn = 0; turn < 40; turn += 1) {
    // One is read while the next one comes: each begins in the middle of a segment.
    const [batch] = await Promise.all([queue.first(1000, 1000 * MiB), write()]);
    queue.remove(batch.length);
    if (turn > 0) read += batch.length * payload.length;
  }
  expect(read).toBeGreaterThan(8 * MiB);
  expect(readBytes() - before).toBeLessThan(3 * read);
});

function readBytes(): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync(READ_BYTES, "utf8"))?.[1]);
}

test("a call in flight is told by a later segment when the one that noted it is gone", async () => {
  {
    await using journal = new Journal(path, "power", NO_FILES);
    const queue = new RecordQueue(path, await findRest(path), NO_LOSSES);
    const note = { kind: "begin", traceId: "b".repeat(32), note: Buffer.from("a call in flight") } as const;
    await journal.append(queue.headAt(1), [note, { ...note, traceId: "c".repeat(32) }]);
    await journal.append(queue.headAt(1), [{ kind: "drop", traceId: "c".repeat(32) }]);
    await journal.beginSegment(queue.headAt(2));
    await journal.release(journal.end.segment);
  }
  const { notes, segments, lastAliveMs } = await findRest(path);
  expect([...notes]).toEqual([["b".repeat(32), Buffer.from("a call in flight")]]);
  expect([segments, lastAliveMs]).toEqual([[2], 2]);
});

test("what a gateway of the first version left in its tables is delivered, its calls in flight as interrupted", async () => {
  const finished = sampleInvocation();
  const flying = sampleInvocation();
  earlierOutbox(path, { finished: [finished], flying: [flying] });
  await using traceWriter = await startRecordingTraceWriter();
  const config = configOf({ endpoints: {} }, path, "http://127.0.0.1:1/v1", traceWriter.address);
  const log = createLogger("gateway", "silent");
  const gateway = await startGateway(config, { log });
  const views = new Map(
    (await recordsOf(traceWriter, 2)).map((record) => [record.full?.traceId.toString("hex"), viewOf(record)]),
  );
  await gateway[Symbol.asyncDispose]();
  expect(views.get(finished.traceId)?.root.inputs).toBe('"asked"');
  const interrupted = views.get(flying.traceId)?.root;
  expect(interrupted?.errorType).toBe("interrupted");
  expect(interrupted?.span.endTimeUnixNano).toBe(1_900_000_000_000_000_000n);

  await using _again = await startGateway(config, { log });
  expect(traceWriter.repeated).toBe(0);
});

test("calls in flight that version 1 left wait as records until they are delivered: whoever drains goes on until then", async () => {
  const call = sampleInvocation();
  earlierOutbox(path, { finished: [], flying: [call] });
  await using traceWriter = await startRecordingTraceWriter();
  const { outbox: options } = configOf({ endpoints: {} }, path, "http://127.0.0.1:1/v1", "unused").gateway;
  const target = { outbox: options, traceWriter: traceWriter.address, peerTls: undefined };
  await using outbox = await startOutbox(target, createLogger("gateway", "silent"));
  expect(outbox.state()).toMatchObject({ records: 1 });
  await until("nothing waits", () => outbox.state().records === 0);
  expect(traceWriter.records.map(({ full }) => full?.traceId.toString("hex"))).toEqual([call.traceId]);
});
