import { expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { expectLedger } from "../system/ledger.ts";
import { startLoad, wentWell } from "../system/load.ts";
import { outboxRest } from "../system/outbox-rest.ts";
import { startStack } from "../system/stack.ts";

const CALLS = 500;
/** The end of an answer waits for its record however slow this machine is, so that the promise has no exception here. */
const PATIENT = { commitWaitMs: 30_000 };

test("kill -9 of the gateway during 500 calls: what ended is stored, what was under way is interrupted", async () => {
  await using stack = await startStack({ models: ["echo-1", "slow-30"], outbox: PATIENT });
  const load = startLoad(stack, CALLS, [
    { model: "echo-1", stream: false },
    { model: "echo-1", stream: true },
    { model: "slow-30", stream: true },
    { model: "slow-30", stream: false },
  ]);
  await load.ended(CALLS / 5);
  await stack.gateway.kill();
  const calls = await load.all();
  const well = calls.filter(wentWell);
  expect(well.length).toBeGreaterThan(0);
  expect(well.length).toBeLessThan(CALLS);

  await stack.gateway.start();
  // It drains before it ends, so that all that waited is shipped.
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  const entries = await expectLedger(stack, calls);
  for (const { call, traceNames, errorType } of entries) {
    if (wentWell(call)) expect(errorType).toBeUndefined();
    // Whoever had the beginning of an answer has its traces, and so has whoever was noted before.
    else if (call.answer.status === 200) expect(traceNames).toHaveLength(1);
    expect([undefined, "interrupted"]).toContain(errorType);
  }
  const interrupted = entries.filter(({ errorType }) => errorType === "interrupted");
  expect(interrupted.length).toBeGreaterThan(0);
  expect(stack.gateway.output).toContain(
    `"calls":${interrupted.length},"msg":"calls of an earlier process were interrupted"`,
  );
}, 60_000);

test("both die at once, and come again: nothing that ended is lost, nothing is there twice", async () => {
  await using stack = await startStack({ models: ["echo-1"], outbox: PATIENT });
  const load = startLoad(stack, 300, [
    { model: "echo-1", stream: false },
    { model: "echo-1", stream: true },
  ]);
  await load.ended(100);
  stack.traceWriter.signal("SIGKILL");
  await stack.gateway.kill();
  await stack.traceWriter.ended();
  const calls = await load.all();
  await stack.gateway.start();
  await stack.traceWriter.start();
  await until("records get through", async () => (await stack.gateway.metric("twinspan_outbox_shipped_total")) > 0);
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  await expectLedger(stack, calls);
}, 60_000);
