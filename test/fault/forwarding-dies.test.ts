import { expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { type OtlpReceiver, startHttpReceiver } from "../neighbours/otlp-receiver.ts";
import { expectLedger } from "../system/ledger.ts";
import { startLoad, wentWell } from "../system/load.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { spansOf } from "../traces/stored-traces.ts";

const CALLS = 300;

test("kill -9 of the trace-writer while it forwards, to a destination that fails at times, loses nothing of it", async () => {
  await using receiver = await startHttpReceiver();
  const down = { status: 503 };
  receiver.answer = () => down;
  await using stack = await startStack({ models: ["echo-1"], traceWriter: forwardingTo(receiver) });
  const load = startLoad(stack, CALLS, [{ model: "echo-1", stream: false }]);
  await load.ended(CALLS / 5);
  await until("it is tried in vain", () => receiver.exports.length >= 3);
  await stack.traceWriter.kill();
  expect(receiver.taken).toEqual([]);
  receiver.answer = ({ atMs }) => (Math.floor(atMs) % 3 === 0 ? down : undefined);
  await stack.traceWriter.start();
  await load.ended((CALLS * 3) / 5);
  await until("some is there, and some is not", () => receiver.taken.length > 20);
  await stack.traceWriter.kill();
  await stack.traceWriter.start();
  const calls = await load.all();
  expect(calls.filter((call) => !wentWell(call)).map(({ answer }) => answer)).toEqual([]);
  await stack.gateway.stop();
  const entries = await expectLedger(stack, calls);
  const stored = new Set<string>();
  for (const { call, traceNames } of entries) {
    for (const trace of [call.caller.traceId, ...traceNames]) {
      for (const id of await spanIdsOf(stack, trace)) stored.add(id);
    }
  }
  expect(stored.size).toBe(CALLS * 4);
  const forwarded = () => new Set(receiver.taken.map(({ spanId }) => spanId.toString("hex")));
  await until("all of it is there", () => forwarded().size >= stored.size, 30_000);
  expect(forwarded()).toEqual(stored);
  await until("nothing waits", async () => (await stack.traceWriter.metric("twinspan_forward_waiting")) === 0);
}, 90_000);

/** Mirrors as they arrive, and full traces. */
function forwardingTo({ url }: OtlpReceiver) {
  return {
    destinations: { there: { url, retryMinMs: 5, retryMaxMs: 50, batchMax: 5 } },
    mirrors: { forwardTo: ["there"] },
    experiments: [{ name: "gateway/echo-1", forwardTo: ["there"] }],
  };
}

async function spanIdsOf({ stored }: Stack, trace: string): Promise<readonly string[]> {
  return spansOf(await stored.get(trace)).map(({ spanId }) => spanId.toString("hex"));
}
