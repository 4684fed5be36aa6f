import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { channelCredentials } from "#lib/rpc/client.ts";
import { ServerReflectionClient } from "#proto/grpc/reflection/v1/reflection.ts";
import { until } from "../../tools/until.ts";
import { expectLedger } from "../system/ledger.ts";
import { type EndedCall, startLoad, wentWell } from "../system/load.ts";
import { outboxRest } from "../system/outbox-rest.ts";
import { type Stack, startStack } from "../system/stack.ts";

const CALLS = 120;
/** A third is over at once; the rest is under way for more than a second. */
const KINDS = [
  { model: "echo-1", stream: false },
  { model: "slow-100", stream: true },
  { model: "slow-100", stream: false },
];

let stack: Stack;
vi.setConfig({ testTimeout: 60_000 });
beforeEach(async () => {
  stack = await startStack({ models: ["echo-1", "slow-100"] });
});
afterEach(() => stack[Symbol.asyncDispose]());

test("the ingress ends with 0 once what it had accepted is answered", async () => {
  const load = startLoad(stack, CALLS, KINDS);
  await load.ended(CALLS / 4);
  const stopped = stack.ingress.stop();
  await until("nobody is let in", async () => (await stack.ingress.readiness()) !== 200);
  const calls = await load.all();
  await stopped;
  expect(unwellOf(calls)).toEqual([]);
  await stack.ingress.start();
  await expectAllStored(calls);
});

test("the gateway ends with 0 once the calls in flight are answered and recorded, and is not ready meanwhile", async () => {
  const load = startLoad(stack, CALLS, KINDS);
  await until("every call has begun", async () => {
    const begun = await stack.gateway.metric("twinspan_mirrors_total");
    return begun === CALLS;
  });
  const stopped = stack.gateway.stop();
  await until("the gateway says that it is not ready", async () => (await stack.gateway.readiness()) === 503);
  expect(await stack.ingress.readiness()).toBe(503);
  const calls = await load.all();
  await stopped;
  expect(unwellOf(calls)).toEqual([]);
  await expectAllStored(calls);
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });

  // Calls that come while it is gone are refused in words, and go through when it is back.
  const [refused] = await startLoad(stack, 1, KINDS).all();
  expect(refused?.answer).toMatchObject({ status: 503, traceName: undefined });
  expect(JSON.parse(refused?.answer.body ?? "")).toMatchObject({
    error: { type: "server_error", code: "unavailable" },
  });
  await stack.gateway.start();
  await until("calls go through again", async () => {
    const [call] = await startLoad(stack, 1, KINDS).all();
    return call !== undefined && wentWell(call);
  });
});

test("the trace-writer ends with 0 under load and is not ready meanwhile; nothing is lost", async () => {
  // A call that is under way for as long as this test wants it to be.
  const reflection = new ServerReflectionClient(stack.traceWriterAddress, channelCredentials());
  const held = reflection.serverReflectionInfo();
  const heard = new Promise((resolve) => held.once("data", resolve));
  held.on("error", () => {});
  held.write({ host: "", messageRequest: { $case: "listServices", value: "" } });
  await heard;

  const load = startLoad(stack, CALLS, KINDS);
  await load.ended(CALLS / 4);
  const stopped = stack.traceWriter.stop();
  await until("the trace-writer says that it is not ready", async () => (await stack.traceWriter.readiness()) === 503);
  held.end();
  await stopped;
  reflection.close();
  const calls = await load.all();
  expect(unwellOf(calls)).toEqual([]);
  await stack.traceWriter.start();
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
  await expectAllStored(calls);
});

function unwellOf(calls: readonly EndedCall[]): readonly unknown[] {
  return calls.filter((call) => !wentWell(call)).map(({ kind, answer }) => ({ kind, answer }));
}

async function expectAllStored(calls: readonly EndedCall[]): Promise<void> {
  for (const { answer } of calls) await stack.stored.get(answer.traceName ?? "");
  const entries = await expectLedger(stack, calls);
  expect(entries.filter(({ errorType }) => errorType !== undefined)).toEqual([]);
}
