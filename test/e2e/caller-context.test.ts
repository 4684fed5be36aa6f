import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { createGatewayClient, type GatewayClient } from "../callers/gateway-client.ts";
import { sendRaw } from "../service/ingress/raw-http.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectFullTrace, expectNoOtherTrace, expectTwins, untilShipped } from "../traces/twins.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const VALID = `00-${TRACE}-${SPAN}-01`;

/** Each a `traceparent`, or several, as bytes in Latin-1. None may be taken for a context. */
const MALFORMED: readonly (readonly [what: string, values: readonly string[]])[] = [
  ["empty", [""]],
  ["a word", ["undefined"]],
  ["there twice", [VALID, VALID]],
  ["two in one", [`${VALID},${VALID}`]],
  ["upper-case", [VALID.toUpperCase()]],
  ["of no trace", [`00-${"0".repeat(32)}-${SPAN}-01`]],
  ["of no span", [`00-${TRACE}-${"0".repeat(16)}-01`]],
  ["of version ff", [`ff-${TRACE}-${SPAN}-01`]],
  ["of a version of one digit", [`0-${TRACE}-${SPAN}-01`]],
  ["of a version that is no number", [`zz-${TRACE}-${SPAN}-01`]],
  ["of version 00 and longer", [`${VALID}-more`]],
  ["of version 00 with a dash at its end", [`${VALID}-`]],
  ["of a later version without a dash", [`01-${TRACE}-${SPAN}-01.more`]],
  ["without flags", [`00-${TRACE}-${SPAN}`]],
  ["with flags of one digit", [`00-${TRACE}-${SPAN}-1`]],
  ["with flags that are no number", [`00-${TRACE}-${SPAN}-zz`]],
  ["with a short trace id", [`00-${TRACE.slice(1)}-${SPAN}-01`]],
  ["with a long trace id", [`00-${TRACE}a-${SPAN}-01`]],
  ["with a short span id", [`00-${TRACE}-${SPAN.slice(1)}-01`]],
  ["with an id that is no number", [`00-${TRACE.replace("a", "g")}-${SPAN}-01`]],
  ["with the ids in the wrong places", [`00-${SPAN}-${TRACE}-01`]],
  ["with other dashes", [VALID.replaceAll("-", "_")]],
  ["in quotes", [`"${VALID}"`]],
  ["with a space within", [`00-${TRACE} ${SPAN}-01`]],
  ["behind a no-break space", [`\xa0${VALID}`]],
  ["not ASCII", ["\xe9\xff\x80"]],
  ["very long", [VALID.repeat(100)]],
];

let stack: Stack;
let client: GatewayClient;
beforeAll(async () => {
  stack = await startStack({
    models: ["echo-1", "status-503"],
    providers: { propagating: { propagate: true } },
    endpoints: [{ name: "propagated", models: [{ provider: "propagating", model: "echo-1" }] }],
  });
  client = createGatewayClient(stack.gatewayAddress);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await stack[Symbol.asyncDispose]();
});

test.each(MALFORMED)("a traceparent that is %s is ignored and counted", async (_what, values) => {
  const counted = () => stack.ingress.metric('twinspan_trace_context_total{outcome="malformed"}');
  const [before, countedBefore] = [await stack.stored.allIds(), await counted()];
  const { status, traceName } = await sendWith(values.map((value) => `traceparent: ${value}`));
  expect(status).toBe(200);
  const { root } = await expectFullTrace(stack, traceName, { endpoint: "echo-1" });
  expect(root.links).toEqual([]);
  expect(await counted()).toBe(countedBefore + 1);
  await expectNoOtherTrace(stack, before, [traceName]);
});

test.each(["traceparent", "Traceparent", "TraceParent", "TRACEPARENT", "tRaCePaReNt"])(
  "the header may be written %s",
  async (name) => {
    const caller = newCaller();
    const { traceName } = await sendWith([
      `${name}: ${caller.traceparent}`,
      `${name.replace(/parent/i, "State")}: a=1`,
    ]);
    await expectTwins(stack, traceName, caller, { endpoint: "echo-1" });
  },
);

test.each([
  ["of a later version, with more behind", (valid: string) => [`traceparent: cc${valid.slice(2)}-what.comes.later`]],
  ["with all flags set", (valid: string) => [`traceparent: ${valid.slice(0, -2)}ff`]],
  ["with spaces and tabs around it", (valid: string) => [`traceparent: \t ${valid} \t`]],
  [
    "with a tracestate",
    (valid: string) => [`traceparent: ${valid}`, "tracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"],
  ],
  [
    "with a tracestate in two headers",
    (valid: string) => [`traceparent: ${valid}`, "tracestate: a=1", "tracestate: b=2"],
  ],
  ["with a tracestate that is bad", (valid: string) => [`traceparent: ${valid}`, "tracestate: a=1,a=2,=,,"]],
  ["with baggage", (valid: string) => [`traceparent: ${valid}`, "baggage: session.id=s-1,secret=no"]],
] as const)("a traceparent %s reaches the mirror verbatim", async (_what, linesOf) => {
  const caller = newCaller();
  const { traceName } = await sendWith(linesOf(caller.traceparent));
  await expectTwins(stack, traceName, caller, { endpoint: "echo-1" });
});

test("a context that names a sealed trace makes no mirror, and a count", async () => {
  const first = await chat(stack.url, { model: "echo-1" });
  const { root, trace } = await expectFullTrace(stack, first.traceName, { endpoint: "echo-1" });
  const sealed = () => stack.gateway.metric("twinspan_outbox_mirrors_sealed_total");
  const [before, sealedBefore] = [await stack.stored.allIds(), await sealed()];

  const traceparent = `00-${root.traceId.toString("hex")}-${root.spanId.toString("hex")}-01`;
  const second = await chat(stack.url, { model: "echo-1", stream: true, headers: { traceparent } });
  const full = await expectFullTrace(stack, second.traceName, { endpoint: "echo-1" });
  expect(full.root.links).toEqual([]);
  expect(full.trace.info?.linkedTraceIds).toEqual([]);
  await expectNoOtherTrace(stack, before, [second.traceName]);
  expect(await stack.stored.get(trace.info?.traceId ?? "")).toEqual(trace);
  expect(await sealed()).toBe(sealedBefore + 1);
});

test("a provider sees nothing of a trace context by default", async () => {
  const headers = { traceparent: newCaller().traceparent, tracestate: "a=1", baggage: "session.id=s-1" };
  await chat(stack.url, { model: "echo-1", headers });
  const names = Object.keys(stack.provider.requests.at(-1)?.headers ?? {});
  expect(names.filter((name) => /trace|baggage|b3|twinspan|mlflow/.test(name))).toEqual([]);
});

test("a provider that is to be sent a context is the child of the mirror's attempt", async () => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "propagated", headers: { traceparent: caller.traceparent } });
  const { mirror } = await expectTwins(stack, answer.traceName, caller, { endpoint: "propagated" });
  const attempt = mirror[1]?.spanId.toString("hex");
  expect(stack.provider.requests.at(-1)?.headers["traceparent"]).toBe(`00-${caller.traceId}-${attempt}-01`);
});

test("without a mirror it is the child of the full trace's attempt", async () => {
  const answer = await chat(stack.url, { model: "propagated" });
  const { root, attempts } = await expectFullTrace(stack, answer.traceName, { endpoint: "propagated" });
  const [trace, attempt] = [root.traceId.toString("hex"), attempts[0]?.spanId.toString("hex")];
  expect(stack.provider.requests.at(-1)?.headers["traceparent"]).toBe(`00-${trace}-${attempt}-01`);
});

test.each(["invoke", "stream"] as const)(
  "a gRPC caller (%s) gets its twins, and their names at both ends",
  async (way) => {
    const caller = newCaller();
    const before = await stack.stored.allIds();
    const told = await client[way]({
      model: "echo-1",
      headers: [
        ["traceparent", caller.traceparent],
        ["tracestate", "a=1"],
      ],
    });
    expect(told.error).toBeUndefined();
    const [traceName] = told.metadata.get("x-twinspan-trace-id").map(String);
    expect(told.trailers.get("x-twinspan-trace-id")).toEqual([traceName]);
    expect(told.summary?.traceId).toBe(traceName);
    const { full } = await expectTwins(stack, traceName, caller, { endpoint: "echo-1" });
    const context = `00-${full.root.traceId.toString("hex")}-${full.root.spanId.toString("hex")}-01`;
    expect([told.metadata.get("traceresponse"), told.trailers.get("traceresponse")]).toEqual([[context], [context]]);
    await expectNoOtherTrace(stack, before, [traceName, `tr-${caller.traceId}`]);
  },
);

test("a gRPC caller gets a provider's error as an answer, and its twins", async () => {
  const caller = newCaller();
  const told = await client.invoke({ model: "status-503", headers: [["traceparent", caller.traceparent]] });
  expect(told).toMatchObject({ error: undefined, head: { status: 503 } });
  const expected = { endpoint: "status-503", errorType: "provider_unavailable" };
  await expectTwins(stack, told.summary?.traceId, caller, expected);
});

test("a gRPC caller's refused request has its trace in the trailers", async () => {
  const caller = newCaller();
  const told = await client.invoke({ model: "echo-1", stream: true, headers: [["traceparent", caller.traceparent]] });
  expect(told.error?.code).toBe(3);
  const [traceName] = told.trailers.get("x-twinspan-trace-id").map(String);
  const expected = { endpoint: "echo-1", errorType: "invalid_request", attempts: [] };
  await expectTwins(stack, traceName, caller, expected);
});

test.each([
  ["upper-case", [VALID.toUpperCase()]],
  ["there twice", [VALID, VALID]],
  ["of no trace", [`00-${"0".repeat(32)}-${SPAN}-01`]],
])("a gRPC caller's traceparent that is %s is ignored", async (_what, values) => {
  const before = await stack.stored.allIds();
  const told = await client.invoke({
    model: "echo-1",
    headers: values.map((value) => ["traceparent", value] as const),
  });
  expect(told.error).toBeUndefined();
  await expectFullTrace(stack, told.summary?.traceId, { endpoint: "echo-1" });
  await expectNoOtherTrace(stack, before, [told.summary?.traceId]);
});

test("no endpoint, no trace: a gRPC caller too", async () => {
  await untilShipped(stack);
  const before = await stack.stored.allIds();
  const told = await client.invoke({ model: "nobody", headers: [["traceparent", newCaller().traceparent]] });
  expect(told.error?.code).toBe(5);
  expect(told.trailers.get("x-twinspan-trace-id")).toEqual([]);
  await expectNoOtherTrace(stack, before, []);
});

/** Calls with exactly these header lines beside those that HTTP needs. */
async function sendWith(lines: readonly string[]) {
  const body = JSON.stringify({ model: "echo-1", messages: [{ role: "user", content: "hello" }] });
  const needed = ["host: example.test", "content-type: application/json", `content-length: ${body.length}`];
  const answer = await sendRaw(stack.url, ["POST /v1/chat/completions HTTP/1.1", ...needed, ...lines], body);
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]),
    traceName: /x-twinspan-trace-id: (\S+)/i.exec(answer)?.[1],
  };
}
