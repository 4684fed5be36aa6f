import { mkdtemp, rm } from "node:fs/promises";
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
  const nobody = { found: () => expect.unreachable(), lost: () => expect.unreachable() };
  const queue = new RecordQueue(path, await findRest(path), nobody);
  const bad = sampleInvocation();
  const good = sampleInvocation();
  traceWriter.script = script(bad.traceId);
  const records: Write[] = [
    { kind: "finish", traceId: bad.traceId, ...sampleRecord(bad, Buffer.from('"asked"')) },
    { kind: "finish", traceId: good.traceId, ...sampleRecord(good, Buffer.from('"asked"')), payload: PAYLOAD_SHED },
  ];
  queue.add(records, 1, await journal.append(queue.headAt(1), records), journal.end);
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
  await until("both are delivered", () => queue.records === 0);
  await shipper.drain(1);
  expect(queue).toMatchObject({ bytes: 0, goneUpTo: 2 });
  return { bad, good, ledger };
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
