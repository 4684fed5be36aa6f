import { expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { expectLedger } from "../system/ledger.ts";
import { startLoad, wentWell } from "../system/load.ts";
import { outboxRest } from "../system/outbox-rest.ts";
import { mountSmallDisk } from "../system/small-disk.ts";
import { startStack } from "../system/stack.ts";

const CALLS = 60;
const DISK_BYTES = 16 * 1024 * 1024;

test("while the store's disk is full calls go on and records wait; with room again all are stored", async ({
  skip,
}) => {
  using disk = mountSmallDisk(DISK_BYTES);
  if (disk === undefined)
    return skip("a small disk must be mounted for this: run as root, where mount -t tmpfs is allowed");
  await using stack = await startStack({ models: ["echo-1"], storeDirectory: disk.path });
  const kinds = [
    { model: "echo-1", stream: false },
    { model: "echo-1", stream: true },
  ];
  const before = await startLoad(stack, CALLS, kinds).all();
  await until("all are stored", async () => (await stack.gateway.metric("twinspan_outbox_shipped_total")) === CALLS);

  disk.fill();
  const full = () => stack.traceWriter.metric('twinspan_trace_writer_store_errors_total{reason="full"}');
  const during = await startLoad(stack, CALLS, kinds).all();
  await until("the store says that its disk is full", async () => (await full()) > 0);
  await until("the outbox has them all", async () => (await stack.gateway.metric("twinspan_outbox_records")) === CALLS);
  expect(await stack.gateway.metric("twinspan_outbox_degraded")).toBe(1);
  expect([await stack.ingress.readiness(), await stack.gateway.readiness()]).toEqual([200, 200]);

  disk.giveBack();
  await until(
    "all are stored",
    async () => (await stack.gateway.metric("twinspan_outbox_shipped_total")) === 2 * CALLS,
  );
  const calls = [...before, ...during];
  expect(calls.filter((call) => !wentWell(call)).map(({ answer }) => answer)).toEqual([]);
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  await expectLedger(stack, calls);
}, 60_000);
