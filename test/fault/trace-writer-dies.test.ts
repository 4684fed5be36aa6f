import { expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { expectLedger } from "../system/ledger.ts";
import { startLoad, wentWell } from "../system/load.ts";
import { outboxRest } from "../system/outbox-rest.ts";
import { startStack } from "../system/stack.ts";

const CALLS = 500;
/** A mix of calls that are over at once and streams that take their time. */
const KINDS = [
  { model: "echo-1", stream: false },
  { model: "echo-1", stream: true },
  { model: "slow-10", stream: true },
];

test("kill -9 of the trace-writer during 500 calls fails none of them, and loses and doubles nothing", async () => {
  await using stack = await startStack({ models: ["echo-1", "slow-10"] });
  const load = startLoad(stack, CALLS, KINDS);
  await load.ended(CALLS / 5);
  await stack.traceWriter.kill();
  await load.ended((CALLS * 3) / 5);
  await stack.traceWriter.start();
  const calls = await load.all();
  expect(calls.filter((call) => !wentWell(call)).map(({ answer }) => answer)).toEqual([]);
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  const entries = await expectLedger(stack, calls);
  expect(entries.filter(({ errorType }) => errorType !== undefined)).toEqual([]);
}, 60_000);

test("a trace-writer that stands still during 300 calls fails none of them, and gets everything once", async () => {
  // So short a patience that what is sent to the one who stands still is sent again while the first is still on its
  // way.
  await using stack = await startStack({ models: ["echo-1", "slow-10"], outbox: { shipMs: 300 } });
  stack.traceWriter.signal("SIGSTOP");
  const calls = await startLoad(stack, 300, KINDS).all();
  await until("batches are sent again", async () => (await stack.gateway.metric("twinspan_outbox_retries_total")) >= 3);
  expect(await stack.gateway.metric("twinspan_outbox_degraded")).toBe(1);
  stack.traceWriter.signal("SIGCONT");
  expect(calls.filter((call) => !wentWell(call)).map(({ answer }) => answer)).toEqual([]);
  await until(
    "all records are shipped",
    async () => (await stack.gateway.metric("twinspan_outbox_shipped_total")) === 300,
  );
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  await expectLedger(stack, calls);
}, 60_000);

test("kill -9 of the trace-writer again and again loses and doubles nothing", async () => {
  await using stack = await startStack({ models: ["echo-1"], outbox: { lingerMs: 0, batchRecordsMax: 5 } });
  const load = startLoad(stack, 300, [{ model: "echo-1", stream: false }]);
  for (const count of [30, 150]) {
    await load.ended(count);
    await stack.traceWriter.kill();
    await stack.traceWriter.start();
  }
  const calls = await load.all();
  expect(calls.filter((call) => !wentWell(call)).map(({ answer }) => answer)).toEqual([]);
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  await expectLedger(stack, calls);
}, 60_000);

test("a gateway that ends while the trace-writer is away keeps its records for the next one", async () => {
  await using stack = await startStack({ models: ["echo-1"], outbox: { drainMs: 100 } });
  await stack.traceWriter.kill();
  const calls = await startLoad(stack, 30, [{ model: "echo-1", stream: true }]).all();
  expect(calls.filter((call) => !wentWell(call)).map(({ answer }) => answer)).toEqual([]);
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 30 });
  await stack.traceWriter.start();
  await stack.gateway.start();
  await until("all are shipped", async () => (await stack.gateway.metric("twinspan_outbox_shipped_total")) === 30);
  await expectLedger(stack, calls);
}, 60_000);
