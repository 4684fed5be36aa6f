import { afterAll, beforeAll, expect, test } from "vitest";
import { newSpanId } from "#lib/ids.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { type Caller, newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { type AgentSpan, sendSpans, WAYS } from "../callers/otlp-sender.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { mlflowSearch } from "../traces/mlflow-reads.ts";
import { attributeOf, spansOf } from "../traces/stored-traces.ts";
import { expectFullTrace, expectTwins, type Twins, totalsIn } from "../traces/twins.ts";

const ONCE = { input: 10n, output: 10n, total: 20n };
const CALL = { endpoint: "echo-1" };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ models: ["echo-1"] });
});
afterAll(() => stack[Symbol.asyncDispose]());

test.each(WAYS)("an agent's own spans by %s adopt the mirror that waited for them", async (way) => {
  const experiment = `agent of ${way}`;
  const caller = newCaller();
  const { traceName, twins } = await call(caller);
  expect(twins.agent.info).toMatchObject({ experimentId: "", state: TraceState.TRACE_STATE_IN_PROGRESS });
  expect((await stack.stored.pending()).map(({ traceId }) => traceId)).toContain(`tr-${caller.traceId}`);

  const rejected = await sendSpans(stack, way, agentSpansOf(caller, twins), { "x-twinspan-experiment": experiment });
  expect(rejected).toBe(0n);

  const adopted = await expectTwins(stack, traceName, caller, CALL);
  const { info } = adopted.agent;
  expect(info).toMatchObject({ name: "answer a question", state: TraceState.TRACE_STATE_OK, spanCount: 4 });
  expect(await stack.stored.experimentName(info?.experimentId ?? "")).toBe(experiment);
  expect(spansOf(adopted.agent).map(({ name }) => name)).toEqual([
    "answer a question",
    "chat",
    "gateway/echo-1",
    "model/scripted/echo-1",
  ]);
  // The agent's own span of the same call shows its tokens and adds nothing.
  expect(totalsIn(info?.usage)).toEqual(ONCE);
  expect((await stack.stored.pending()).map(({ traceId }) => traceId)).not.toContain(`tr-${caller.traceId}`);
  expect(await mlflowSearch(stack.url, info?.experimentId ?? "")).toEqual([`tr-${caller.traceId}`]);
  expect(adopted.full).toEqual(twins.full);
});

test("how long mirrors waited for their owners is measured", async () => {
  const adopted = await stack.traceWriter.metric('twinspan_trace_writer_store_events_total{event="trace_adopted"');
  expect(adopted).toBe(WAYS.length);
  expect(await stack.traceWriter.metric("twinspan_trace_writer_adoption_seconds_count")).toBe(adopted);
  expect(await stack.traceWriter.metric("twinspan_trace_writer_adoption_seconds_sum")).toBeGreaterThan(0);
});

test("spans that come again, and in parts, change nothing", async () => {
  const caller = newCaller();
  const { traceName, twins } = await call(caller);
  const [root, llm] = agentSpansOf(caller, twins);
  const headers = { "x-twinspan-experiment": "in parts" };
  await sendSpans(stack, "gRPC", [llm], headers);
  await sendSpans(stack, "HTTP protobuf", [root], headers);
  const once = await expectTwins(stack, traceName, caller, CALL);
  await sendSpans(stack, "HTTP JSON", [root, llm], headers);
  await sendSpans(stack, "HTTP protobuf", [llm, root], headers);
  const again = await expectTwins(stack, traceName, caller, CALL);
  expect(again.agent.info).toEqual(once.agent.info);
  expect(spansOf(again.agent)).toEqual(spansOf(once.agent));
});

test("an agent whose spans come before its call gets its mirror there at once", async () => {
  const caller = newCaller();
  const nowNanos = BigInt(Date.now()) * 1_000_000n;
  const early = {
    traceId: caller.traceId,
    spanId: caller.spanId,
    name: "early",
    startNanos: nowNanos,
    endNanos: nowNanos,
  };
  await sendSpans(stack, "HTTP protobuf", [early], { "x-twinspan-experiment": "early birds" });
  const { twins } = await call(caller);
  expect(await stack.stored.experimentName(twins.agent.info?.experimentId ?? "")).toBe("early birds");
  expect(totalsIn(twins.agent.info?.usage)).toEqual(ONCE);
});

test("the agent's own word on its experiment ranks above its request's", async () => {
  const caller = newCaller();
  const { traceName, twins } = await call(caller, { "x-twinspan-experiment": "as the request says" });
  expect(await stack.stored.experimentName(twins.agent.info?.experimentId ?? "")).toBe("as the request says");
  const spans = agentSpansOf(caller, twins);
  await sendSpans(stack, "gRPC", spans, { "x-twinspan-experiment": "as the agent says" });
  const { agent } = await expectTwins(stack, traceName, caller, CALL);
  expect(await stack.stored.experimentName(agent.info?.experimentId ?? "")).toBe("as the agent says");
  expect(await stack.stored.inExperiment("as the request says")).toEqual([]);
});

test("an experiment may be named by its id, as MLflow's clients do", async () => {
  const [first, second] = [newCaller(), newCaller()];
  const { twins } = await call(first, { "x-twinspan-experiment": "by its id" });
  const id = twins.agent.info?.experimentId ?? "";
  const { twins: byId } = await call(second, { "x-mlflow-experiment-id": id });
  expect(byId.agent.info?.experimentId).toBe(id);
  await sendSpans(stack, "HTTP protobuf", agentSpansOf(second, byId), { "x-mlflow-experiment-id": id });
  expect(new Set(await mlflowSearch(stack.url, id))).toEqual(new Set([`tr-${first.traceId}`, `tr-${second.traceId}`]));
});

test("spans without an experiment go to Default, and their mirrors with them", async () => {
  const caller = newCaller();
  const { traceName, twins } = await call(caller);
  await sendSpans(stack, "HTTP JSON", agentSpansOf(caller, twins));
  const { agent } = await expectTwins(stack, traceName, caller, CALL);
  expect(await stack.stored.experimentName(agent.info?.experimentId ?? "")).toBe("Default");
});

test("a call of the agent's own that went elsewhere is counted beside the mirror", async () => {
  const caller = newCaller();
  const { traceName, twins } = await call(caller);
  const [root, llm] = agentSpansOf(caller, twins);
  const attributes = { ...llm.attributes, "gen_ai.response.id": "elsewhere-1", "gen_ai.request.model": "other" };
  const elsewhere = { ...llm, spanId: newSpanId(), name: "chat elsewhere", attributes };
  await sendSpans(stack, "gRPC", [root, llm, elsewhere], { "x-twinspan-experiment": "two calls" });
  const { agent } = await expectTwins(stack, traceName, caller, CALL);
  expect(totalsIn(agent.info?.usage)).toEqual({ input: 20n, output: 20n, total: 40n });
});

test.each(WAYS)("spans by %s for a full trace are rejected, and it stays as it was", async (way) => {
  const answer = await chat(stack.url, { model: "echo-1" });
  const { trace, root } = await expectFullTrace(stack, answer.traceName, CALL);
  const intruder = {
    traceId: root.traceId.toString("hex"),
    parentSpanId: root.spanId.toString("hex"),
    name: "intruder",
    startNanos: root.startTimeUnixNano,
    endNanos: root.endTimeUnixNano,
  };
  const welcome = { ...intruder, traceId: newCaller().traceId, parentSpanId: "", name: "welcome" };
  expect(await sendSpans(stack, way, [intruder, welcome], { "x-twinspan-experiment": "intruders" })).toBe(1n);
  expect(await stack.stored.get(answer.traceName ?? "")).toEqual(trace);
  expect((await stack.stored.get(welcome.traceId)).info?.name).toBe("welcome");
});

/** Calls with the caller's context, and waits for the twins. */
async function call(caller: Caller, headers: Readonly<Record<string, string>> = {}) {
  const sent = { traceparent: caller.traceparent, ...headers };
  const answer = await chat(stack.url, { model: "echo-1", headers: sent });
  return { traceName: answer.traceName, twins: await expectTwins(stack, answer.traceName, caller, CALL) };
}

/** What an agent tells of its call: a root, and under it the span whose id went out with the request. */
function agentSpansOf({ traceId, spanId }: Caller, { mirror, full }: Twins) {
  const [gateway] = mirror;
  const rootId = newSpanId();
  const root = {
    traceId,
    spanId: rootId,
    name: "answer a question",
    startNanos: gateway.startTimeUnixNano - 2_000_000n,
    endNanos: gateway.endTimeUnixNano + 2_000_000n,
  };
  const llm = {
    traceId,
    spanId,
    parentSpanId: rootId,
    name: "chat",
    startNanos: gateway.startTimeUnixNano - 1_000_000n,
    endNanos: gateway.endTimeUnixNano + 1_000_000n,
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "echo-1",
      "gen_ai.response.id": String(attributeOf(full.attempts[0] ?? full.root, "gen_ai.response.id")),
      "gen_ai.usage.input_tokens": 10n,
      "gen_ai.usage.output_tokens": 10n,
    },
  };
  return [root, llm] as const satisfies readonly AgentSpan[];
}
