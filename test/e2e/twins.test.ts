import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller } from "../callers/caller.ts";
import { chat, TEN_WORDS } from "../callers/chat.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { mlflowSearch } from "../traces/mlflow-reads.ts";
import { attributeOf } from "../traces/stored-traces.ts";
import { expectFullTrace, expectNoOtherTrace, expectTwins, totalsIn, untilShipped } from "../traces/twins.ts";

const STATUSES = [400, 401, 403, 404, 422, 429, 500, 503] as const;
const ERROR_TYPES = {
  400: "provider_rejected",
  401: "provider_auth",
  403: "provider_auth",
  404: "provider_rejected",
  422: "provider_rejected",
  429: "provider_rate_limited",
  500: "provider_unavailable",
  503: "provider_unavailable",
} as const;

let stack: Stack;
beforeAll(async () => {
  const use = (model: string) => [{ provider: "scripted", model }];
  stack = await startStack({
    models: [
      "echo-1",
      "error-after-3",
      "garbage-1",
      "cut-before-head",
      ...STATUSES.map((status) => `status-${status}`),
    ],
    endpoints: [
      { name: "falls-back", models: use("status-503"), fallbacks: use("echo-1") },
      { name: "fails-twice", models: use("status-503"), fallbacks: use("status-500") },
      { name: "tries-again", models: use("recovers-after-1"), retries: { max: 1, delayMinMs: 1 } },
      { name: "hedges", models: use("stall-before-head"), fallbacks: use("chunks-3"), hedgeAfterMs: 50 },
      { name: "untraced", models: use("echo-1"), tracing: "off" },
      { name: "always-mirrored", models: use("echo-1"), mirror: "always" },
      { name: "never-mirrored", models: use("echo-1"), mirror: "never" },
    ],
  });
});
afterAll(() => stack[Symbol.asyncDispose]());

test.each([false, true])("a call without context leaves a full trace and nothing else (stream: %s)", async (stream) => {
  const before = await stack.stored.allIds();
  const answer = await chat(stack.url, { model: "echo-1", stream });
  expect(answer).toMatchObject({ status: 200, isComplete: true });
  const full = await expectFullTrace(stack, answer.traceName, { endpoint: "echo-1" });
  expect(full.root.links).toEqual([]);
  expect(full.trace.info?.linkedTraceIds).toEqual([]);
  await expectNoOtherTrace(stack, before, [answer.traceName]);
});

test.each([false, true])("a call with a context leaves its twin traces (stream: %s)", async (stream) => {
  const caller = newCaller();
  const before = await stack.stored.allIds();
  const answer = await chat(stack.url, { model: "echo-1", stream, headers: { traceparent: caller.traceparent } });
  expect(answer).toMatchObject({ status: 200, isComplete: true });
  const { full, agent } = await expectTwins(stack, answer.traceName, caller, { endpoint: "echo-1" });
  expect(JSON.parse(full.inputs ?? "")).toMatchObject({ model: "echo-1", messages: [{ content: TEN_WORDS }] });
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({
    object: "chat.completion",
    choices: [{ message: { content: TEN_WORDS }, finish_reason: "stop" }],
  });
  expect(totalsIn(agent.info?.usage)).toEqual({ input: 10n, output: 10n, total: 20n });
  expect(totalsIn(full.trace.info?.usage)).toEqual({ input: 10n, output: 10n, total: 20n });
  expect(full.trace.info?.cost?.totalNanoUsd).toBe(30_000n);
  expect(agent.info?.cost).toEqual(full.trace.info?.cost);
  expect(agent.info?.experimentId).toBe("");
  await expectNoOtherTrace(stack, before, [answer.traceName, `tr-${caller.traceId}`]);
  expect(await mlflowSearch(stack.url, full.trace.info?.experimentId ?? "")).toContain(answer.traceName);
});

test("two calls of one trace are two mirrors in it, and each is counted once", async () => {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent };
  const first = await chat(stack.url, { model: "echo-1", headers });
  const second = await chat(stack.url, { model: "echo-1", stream: true, headers });
  // Else the second could arrive between two looks at the trace of the first.
  await untilShipped(stack);
  await expectTwins(stack, first.traceName, caller, { endpoint: "echo-1" });
  const { agent } = await expectTwins(stack, second.traceName, caller, { endpoint: "echo-1" });
  expect(agent.info?.linkedTraceIds).toEqual([first.traceName, second.traceName]);
  expect(totalsIn(agent.info?.usage)).toEqual({ input: 20n, output: 20n, total: 40n });
});

test("a request that names an experiment has its mirror there at once", async () => {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent, "x-twinspan-experiment": "my agents" };
  const answer = await chat(stack.url, { model: "echo-1", headers });
  const { agent } = await expectTwins(stack, answer.traceName, caller, { endpoint: "echo-1" });
  expect(await stack.stored.experimentName(agent.info?.experimentId ?? "")).toBe("my agents");
});

test.each(
  STATUSES.flatMap(
    (status) =>
      [
        [status, false],
        [status, true],
      ] as const,
  ),
)("a provider's %s is told in both twins (stream: %s)", async (status, stream) => {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent };
  const answer = await chat(stack.url, { model: `status-${status}`, stream, headers });
  // Credentials are ours: their failure is ours too, and the provider's words about them stay with us.
  const isOurs = status === 401 || status === 403;
  expect(answer.status).toBe(isOurs ? 502 : status);
  expect(answer.body.includes("The script answers")).toBe(!isOurs);
  const errorType = ERROR_TYPES[status];
  const { full } = await expectTwins(stack, answer.traceName, caller, { endpoint: `status-${status}`, errorType });
  expect(full.attempts[0]?.status?.message).toContain(`The script answers ${status}.`);
});

test("a fallback is a second attempt in both twins", async () => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "falls-back", headers: { traceparent: caller.traceparent } });
  expect(answer.status).toBe(200);
  const attempts = ["provider_unavailable", undefined];
  const { mirror } = await expectTwins(stack, answer.traceName, caller, { endpoint: "falls-back", attempts });
  expect(mirror.map(({ name }) => name)).toEqual([
    "gateway/falls-back",
    "model/scripted/status-503",
    "model/scripted/echo-1",
  ]);
});

test("both twins have retries and hedges, and why they were made", async () => {
  const wayOf = async (endpoint: string, attempts: readonly (string | undefined)[]) => {
    const caller = newCaller();
    const answer = await chat(stack.url, { model: endpoint, headers: { traceparent: caller.traceparent } });
    expect(answer.status).toBe(200);
    const { mirror } = await expectTwins(stack, answer.traceName, caller, { endpoint, attempts });
    return mirror.slice(1).map((span) => attributeOf(span, "twinspan.attempt.reason"));
  };
  expect(await wayOf("tries-again", ["provider_unavailable", undefined])).toEqual(["first", "retry"]);
  expect(await wayOf("hedges", ["cancelled", undefined])).toEqual(["first", "hedge"]);
});

test("when all attempts fail both twins have every one of them", async () => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "fails-twice", headers: { traceparent: caller.traceparent } });
  expect(answer.status).toBe(500);
  await expectTwins(stack, answer.traceName, caller, {
    endpoint: "fails-twice",
    errorType: "provider_unavailable",
    attempts: ["provider_unavailable", "provider_unavailable"],
  });
});

test("an error in the middle of a stream keeps the output so far", async () => {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent };
  const answer = await chat(stack.url, { model: "error-after-3", stream: true, headers });
  expect(answer).toMatchObject({ status: 200, isComplete: false });
  expect(answer.body).toContain('"error":{"message":"The server had an error');
  const errorType = "provider_unavailable";
  const { full } = await expectTwins(stack, answer.traceName, caller, { endpoint: "error-after-3", errorType });
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ choices: [{ message: { content: "one two " } }] });
});

test.each([false, true])("an answer that is none of the dialect is provider_protocol (stream: %s)", async (stream) => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "garbage-1", stream, headers: { traceparent: caller.traceparent } });
  expect(answer.isComplete && answer.status === 200).toBe(false);
  await expectTwins(stack, answer.traceName, caller, { endpoint: "garbage-1", errorType: "provider_protocol" });
});

test("a bad body at a known endpoint is a light trace without body", async () => {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent };
  const answer = await chat(stack.url, { model: "echo-1", headers, body: { stream: "yes" } });
  expect(answer.status).toBe(400);
  const expected = { endpoint: "echo-1", errorType: "invalid_request", attempts: [] };
  const { full } = await expectTwins(stack, answer.traceName, caller, expected);
  expect([full.inputs, full.outputs]).toEqual([undefined, undefined]);
});

test("an unknown endpoint leaves no trace at all, and a count", async () => {
  const before = await stack.stored.allIds();
  const refused = () => stack.gateway.metric('twinspan_calls_refused_total{reason="unknown_endpoint"}');
  const refusedBefore = await refused();
  const answer = await chat(stack.url, { model: "nobody", headers: { traceparent: newCaller().traceparent } });
  expect(answer).toMatchObject({ status: 404, traceName: undefined });
  expect(answer.headers["x-request-id"]).toBeDefined();
  expect(await refused()).toBe(refusedBefore + 1);
  await expectNoOtherTrace(stack, before, []);
});

test("a context that is not sampled makes no mirror", async () => {
  const before = await stack.stored.allIds();
  const answer = await chat(stack.url, { model: "echo-1", headers: { traceparent: newCaller("00").traceparent } });
  await expectFullTrace(stack, answer.traceName, { endpoint: "echo-1" });
  await expectNoOtherTrace(stack, before, [answer.traceName]);
});

test("an endpoint that always mirrors does so without sampling too", async () => {
  const caller = newCaller("00");
  const answer = await chat(stack.url, { model: "always-mirrored", headers: { traceparent: caller.traceparent } });
  await expectTwins(stack, answer.traceName, caller, { endpoint: "always-mirrored" });
});

test("an endpoint that never mirrors leaves the full trace alone", async () => {
  const before = await stack.stored.allIds();
  const headers = { traceparent: newCaller().traceparent };
  const answer = await chat(stack.url, { model: "never-mirrored", headers });
  await expectFullTrace(stack, answer.traceName, { endpoint: "never-mirrored" });
  await expectNoOtherTrace(stack, before, [answer.traceName]);
});

test("an endpoint whose tracing is off leaves nothing but metrics", async () => {
  const before = await stack.stored.allIds();
  const counted = () => stack.gateway.metric('twinspan_calls_total{endpoint="untraced",outcome="ok"}');
  const headers = { traceparent: newCaller().traceparent };
  const answer = await chat(stack.url, { model: "untraced", headers });
  expect(answer).toMatchObject({ status: 200, traceName: undefined });
  expect(await counted()).toBe(1);
  await expectNoOtherTrace(stack, before, []);
});

test("the answer names the full trace in every way that tools read", async () => {
  const answer = await chat(stack.url, { model: "echo-1" });
  const { root } = await expectFullTrace(stack, answer.traceName, { endpoint: "echo-1" });
  const context = `00-${root.traceId.toString("hex")}-${root.spanId.toString("hex")}-01`;
  expect(answer.headers["traceresponse"]).toBe(context);
  expect(answer.headers["server-timing"]).toContain(`traceparent;desc="${context}"`);
  expect(Number(answer.headers["x-mlflow-gateway-duration-ms"])).toBeGreaterThan(0);
  expect(Number(answer.headers["x-mlflow-gateway-overhead-duration-ms"])).toBeGreaterThan(0);
});
