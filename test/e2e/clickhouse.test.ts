import { afterAll, beforeAll, expect, test } from "vitest";
import { type ClickHouse, startClickHouse } from "../../tools/databases/clickhouse.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { sendSpans } from "../callers/otlp-sender.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwins } from "../traces/twins.ts";

/** The engine is fetched where it is not there yet. */
const START_MS = 600_000;

let clickhouse: ClickHouse;
let stack: Stack;
beforeAll(async () => {
  clickhouse = await startClickHouse();
  const store = { use: "clickhouse", clickhouse: { url: clickhouse.url, database: clickhouse.newDatabase() } } as const;
  stack = await startStack({ models: ["echo-1"], traceWriter: { store } });
}, START_MS);
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await clickhouse[Symbol.asyncDispose]();
});

test("a call's twins are kept in ClickHouse, and the agent's trace is filed where the agent says", async () => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "echo-1", headers: { traceparent: caller.traceparent } });
  const { full } = await expectTwins(stack, answer.traceName, caller, { endpoint: "echo-1" });
  const startNanos = full.trace.info?.startTimeUnixNano ?? 0n;
  const { traceId, spanId } = caller;
  const root = { traceId, spanId, name: "answer a question", startNanos, endNanos: startNanos + 1_000_000_000n };
  const sender = { url: stack.url, traceWriterAddress: stack.traceWriterAddress };
  await sendSpans(sender, "gRPC", [root], { "x-twinspan-experiment": "agents" });
  const adopted = await stack.stored.get(traceId);
  expect(adopted.info).toMatchObject({ name: "answer a question", spanCount: 3, linkedTraceIds: [answer.traceName] });
  expect(await stack.stored.experimentName(adopted.info?.experimentId ?? "")).toBe("agents");
  expect(stack.traceWriter.output).toContain("/twinspan_");
});
