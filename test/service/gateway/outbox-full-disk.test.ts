import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { lockOutbox } from "../../../services/gateway/outbox/lock.ts";
import { segmentPath } from "../../../services/gateway/outbox/segments.ts";
import { until } from "../../../tools/until.ts";
import { type RecordingTraceWriter, startRecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { mountSmallDisk } from "../../system/small-disk.ts";
import { earlierOutbox } from "./earlier-outbox.ts";
import { sampleInvocation } from "./sample-record.ts";
import { put, startOutboxAt, takenBy } from "./started-outbox.ts";

const MiB = 1024 * 1024;
const SMALL_DISK = "a small disk must be mounted for this: run as root, where mount -t tmpfs is allowed";

let traceWriter: RecordingTraceWriter;
beforeAll(async () => {
  traceWriter = await startRecordingTraceWriter();
});
afterAll(() => traceWriter[Symbol.asyncDispose]());
beforeEach(() => {
  traceWriter.script = () => "take";
});

const startAt = (path: string) => startOutboxAt(path, { traceWriter, logged: [] });
const taken = () => takenBy(traceWriter);

test("a gateway starts on a full disk though what version 1 left cannot be moved: it stays, is told, and is delivered once there is room", async ({
  skip,
}) => {
  using disk = mountSmallDisk(40 * MiB);
  if (disk === undefined) return skip(SMALL_DISK);
  const file = join(disk.path, "outbox.db");
  const calls = [sampleInvocation(), sampleInvocation()];
  earlierOutbox(file, { finished: calls, flying: [] });
  disk.fill();
  {
    await using outbox = await startAt(file);
    await until("it is told", () =>
      outbox.state().trouble?.includes(`2 records of an earlier version wait in ${file}`),
    );
    expect(outbox.state().records).toBe(2);
    // A record of now is counted, and does not stand in the way of calls.
    await put(outbox);
    expect(outbox.state().shed["record:disk"]).toBe(1);
  }
  disk.giveBack();
  await using _again = await startAt(file);
  await until("both are delivered", () => calls.every(({ traceId }) => taken().has(traceId)));
});

test("an outbox that is new on a full disk has its lock all the same", async ({ skip }) => {
  using disk = mountSmallDisk(8 * MiB);
  if (disk === undefined) return skip(SMALL_DISK);
  const file = join(disk.path, "outbox.db");
  disk.fill();
  {
    using _lock = lockOutbox(file);
    expect(() => lockOutbox(file)).toThrow("is in use by another gateway process");
  }
  disk.giveBack();
  using _lock = lockOutbox(file);
});

test("a record that the trace-writer stumbles over is not written again where the disk is nearly full, and is not lost", async ({
  skip,
}) => {
  using disk = mountSmallDisk(36 * MiB);
  if (disk === undefined) return skip(SMALL_DISK);
  const file = join(disk.path, "outbox.db");
  traceWriter.script = () => new ServiceError("unavailable", "not now");
  await using outbox = await startAt(file);
  const id = await put(outbox, 2 * MiB);
  await writeFile(join(disk.path, "ballast"), Buffer.alloc(8 * MiB));
  const before = (await stat(segmentPath(file, 1))).size;
  traceWriter.script = () => new ServiceError("internal", "it stumbles");
  const { retries } = outbox.state();
  await until("it was tried often", () => outbox.state().retries > retries + 5);
  const { trouble, records } = outbox.state();
  expect(trouble).toContain("the outbox's disk is full");
  expect(records).toBe(1);
  expect((await stat(segmentPath(file, 1))).size - before).toBeLessThan(MiB);
  traceWriter.script = () => "take";
  await until("it is delivered", () => taken().has(id));
});
