import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DEFAULT_PEERS } from "#lib/config/sections/peers.ts";
import { ServiceError } from "#lib/service-error.ts";
import { PAYLOAD_SHED } from "../../../services/gateway/core/twins/record.ts";
import type { Write } from "../../../services/gateway/outbox/block.ts";
import { findRest } from "../../../services/gateway/outbox/find-rest.ts";
import { Journal } from "../../../services/gateway/outbox/journal.ts";
import { Ledger } from "../../../services/gateway/outbox/ledger.ts";
import { RecordQueue } from "../../../services/gateway/outbox/record-queue.ts";
import { BLOCKS_FROM } from "../../../services/gateway/outbox/segment-head.ts";
import { segmentPath } from "../../../services/gateway/outbox/segments.ts";
import { startShipper } from "../../../services/gateway/outbox/shipper.ts";
import { until } from "../../../tools/until.ts";
import { type RecordingTraceWriter, startRecordingTraceWriter } from "../../neighbours/recording-trace-writer.ts";
import { configOf } from "../../system/start-gateway.ts";
import { sampleInvocation, sampleRecord } from "./sample-record.ts";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "twinspan-outbox-"));
  path = join(directory, "outbox.db");
});
afterEach(() => rm(directory, { recursive: true }));

/**
 * Ships two records from where the disk takes nothing. `script` is told the trace of the first, which is bad. Returns
 * their traces, and what was counted.
 */
async function shipTwo(traceWriter: RecordingTraceWriter, script: (bad: string) => RecordingTraceWriter["script"]) {
  await using journal = new Journal(path, "process", { segments: [], foreign: [] });
  const queue = await queueOf();
  const bad = sampleInvocation();
  const good = sampleInvocation();
  traceWriter.script = script(bad.traceId);
  const records: Write[] = [
    { kind: "finish", traceId: bad.traceId, ...sampleRecord(bad, Buffer.from('"asked"')) },
    { kind: "finish", traceId: good.traceId, ...sampleRecord(good, Buffer.from('"asked"')), payload: PAYLOAD_SHED },
  ];
  queue.add(records, 1, await journal.append(queue.headAt(1), records), journal.end);
  const { ledger, shipper } = ship(queue, traceWriter);
  await until("both are delivered", () => queue.records === 0);
  await shipper.drain(1);
  expect(queue).toMatchObject({ bytes: 0, goneUpTo: 2 });
  return { bad, good, ledger };
}

/** Ships what is in a queue, from where the disk takes nothing. */
function ship(queue: RecordQueue, traceWriter: RecordingTraceWriter) {
  const ledger = new Ledger();
  const unused = "http://127.0.0.1:1/v1";
  const { outbox: options } = configOf({ endpoints: {} }, path, unused, traceWriter.address).gateway;
  const shipper = startShipper(
    { queue, ledger, onRemoved: () => {}, requeue: async () => false },
    {
      options,
      traceWriter: traceWriter.address,
      traceWriterKey: undefined,
      serverName: undefined,
      peers: DEFAULT_PEERS,
      certificates: undefined,
    },
  );
  return { ledger, shipper };
}

/** A queue that has lost nothing. */
async function queueOf(): Promise<RecordQueue> {
  const never = () => expect.unreachable();
  return new RecordQueue(path, await findRest(path), { found: never, lost: never, lostUncounted: never });
}

const idsIn = (traceWriter: RecordingTraceWriter) =>
  traceWriter.records.map(({ full }) => full?.traceId.toString("hex"));

test.each([
  ["is refused", new ServiceError("invalid_request", "it breaks a rule"), "payload:refused"],
  ["is stumbled over", new ServiceError("internal", "a fault"), "payload:disk"],
] as const)(
  "a record that %s goes without its payload where the disk takes nothing, and holds up no other",
  async (_, fault, counter) => {
    await using traceWriter = await startRecordingTraceWriter();
    const { bad, good, ledger } = await shipTwo(
      traceWriter,
      () => (records) => (records.some(({ payloads }) => payloads.length > 0) ? fault : "take"),
    );
    expect(idsIn(traceWriter)).toEqual([bad.traceId, good.traceId]);
    expect(ledger).toMatchObject({ shipped: 2, given: { [counter]: 1 } });
  },
);

test("a record that is stumbled over without its payload, too, waits behind the others where the disk takes nothing", async () => {
  await using traceWriter = await startRecordingTraceWriter();
  const fault = new ServiceError("internal", "a fault");
  const { bad, good, ledger } = await shipTwo(traceWriter, (id) => (records) => {
    const isBad = records.some(({ full }) => full?.traceId.toString("hex") === id);
    return isBad && traceWriter.records.length === 0 ? fault : "take";
  });
  expect(idsIn(traceWriter)).toEqual([good.traceId, bad.traceId]);
  expect(ledger).toMatchObject({ shipped: 2, given: { "payload:disk": 0, "record:disk": 0 } });
});

test("a record that comes while others are postponed waits for one of them alone", async () => {
  await using journal = new Journal(path, "process", { segments: [], foreign: [] });
  const queue = await queueOf();
  const add = async (count: number) => {
    const call = sampleInvocation();
    const record = { kind: "finish", traceId: call.traceId, ...sampleRecord(call, Buffer.from('"asked"')) } as const;
    const records = Array.from({ length: count }, () => record);
    queue.add(records, 1, await journal.append(queue.headAt(1), records), journal.end);
  };
  /** The numbers of the first records that go, which are stumbled over. */
  const stumbledOver = async (times: number) => {
    const seqs: (number | undefined)[] = [];
    for (let time = 0; time < times; time += 1) {
      const [first] = await queue.first(1, 1);
      seqs.push(first?.seq);
      queue.postpone();
    }
    return seqs;
  };
  await add(3);
  // Each has its turn.
  expect(await stumbledOver(5)).toEqual([1, 2, 3, 1, 2]);
  expect((await queue.first(9, 1e9)).map(({ seq }) => seq)).toEqual([3]);
  await add(1);
  expect(await stumbledOver(2)).toEqual([3, 4]);
  await queue.first(1, 1);
  queue.remove(1);
  expect(queue).toMatchObject({ records: 3, goneUpTo: 1, firstSegment: 1 });
});

test("an end that could not be read when the process began is read again, though no record is known to wait", async () => {
  await using traceWriter = await startRecordingTraceWriter();
  const call = sampleInvocation();
  {
    await using journal = new Journal(path, "process", { segments: [], foreign: [] });
    const record = { kind: "finish", traceId: call.traceId, ...sampleRecord(call, Buffer.from('"asked"')) } as const;
    await journal.append({ timeMs: 1, goneUpTo: 0, firstSeq: 1 }, [record]);
  }
  const bytes = await readFile(segmentPath(path, 1));
  await writeFile(segmentPath(path, 1), bytes.subarray(0, BLOCKS_FROM));
  await truncate(segmentPath(path, 1), bytes.length);
  const queue = await queueOf();
  expect(queue).toMatchObject({ records: 0, firstSegment: 1, isEmpty: false });
  await writeFile(segmentPath(path, 1), bytes);
  const { shipper } = ship(queue, traceWriter);
  await until("it is delivered", () => idsIn(traceWriter).length > 0 && queue.isEmpty);
  await shipper.drain(1);
  expect(idsIn(traceWriter)).toEqual([call.traceId]);
});
