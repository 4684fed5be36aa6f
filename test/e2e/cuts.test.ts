import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { type Caller, newCaller } from "../callers/caller.ts";
import { chat, TEN_WORDS } from "../callers/chat.ts";
import { createGatewayClient, type GatewayClient } from "../callers/gateway-client.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwins, type FullTrace } from "../traces/twins.ts";

/** How many chunks came before the cut. The first one only says the role, so words are one fewer. */
const CUTS = [1, 2, 5, 11] as const;
const IMPATIENT = { timeouts: { firstByteMs: 200, idleMs: 200 } };

let stack: Stack;
let client: GatewayClient;
beforeAll(async () => {
  stack = await startStack({
    models: [
      "echo-1",
      "stall-before-head",
      "stall-after-0",
      "cut-after-0",
      "cut-before-head",
      ...CUTS.flatMap((k) => [`stall-after-${k}`, `cut-after-${k}`]),
    ],
    providers: { impatient: IMPATIENT },
    endpoints: [
      { name: "silent", models: [{ provider: "impatient", model: "stall-before-head" }] },
      { name: "falls-silent", models: [{ provider: "impatient", model: "stall-after-3" }] },
    ],
  });
  client = createGatewayClient(stack.gatewayAddress);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await stack[Symbol.asyncDispose]();
});

test.each(CUTS)(
  "a caller that hangs up after chunk %i leaves twins that are cancelled, with the output so far",
  async (k) => {
    const caller = newCaller();
    const answer = await chat(stack.url, {
      model: `stall-after-${k}`,
      stream: true,
      headers: { traceparent: caller.traceparent },
      hangUp: (events) => events === k,
    });
    expect(answer).toMatchObject({ status: 200, isComplete: false });
    const expected = { endpoint: `stall-after-${k}`, errorType: "cancelled" };
    const { full } = await expectTwins(stack, answer.traceName, caller, expected);
    expect(contentOf(full)).toBe(wordsBefore(k));
    await expectProviderCancelled();
  },
);

test("a caller that hangs up before anything came leaves twins that are cancelled", async () => {
  const caller = newCaller();
  const hangUp = new AbortController();
  const received = stack.provider.requests.length;
  const headers = { traceparent: caller.traceparent };
  const asked = chat(stack.url, { model: "stall-before-head", headers, signal: hangUp.signal });
  await until("the provider has the request", () => stack.provider.requests.length > received);
  hangUp.abort();
  expect(await asked).toMatchObject({ status: 0, isComplete: false });
  const expected = { endpoint: "stall-before-head", errorType: "cancelled" };
  const { full } = await expectTwins(stack, await traceLinkedFrom(caller), caller, expected);
  expect(JSON.parse(full.inputs ?? "")).toMatchObject({ model: "stall-before-head" });
  expect(full.outputs).toBeUndefined();
  await expectProviderCancelled();
});

test("a caller that closes after the terminal event has not cancelled", async () => {
  const caller = newCaller();
  const chunks = TEN_WORDS.split(" ").length + 3;
  const answer = await chat(stack.url, {
    model: "echo-1",
    stream: true,
    headers: { traceparent: caller.traceparent },
    hangUp: (events) => events === chunks,
  });
  expect(answer.isComplete).toBe(true);
  await expectTwins(stack, answer.traceName, caller, { endpoint: "echo-1" });
});

test.each([0, ...CUTS])("a provider that breaks off after chunk %i leaves twins with the output so far", async (k) => {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent };
  const answer = await chat(stack.url, { model: `cut-after-${k}`, stream: true, headers });
  expect(answer).toMatchObject({ status: k === 0 ? 502 : 200, isComplete: k === 0 });
  expect(answer.body).toContain('"code":"provider_protocol"');
  const expected = { endpoint: `cut-after-${k}`, errorType: "provider_protocol" };
  const { full } = await expectTwins(stack, answer.traceName, caller, expected);
  expect(contentOf(full)).toBe(wordsBefore(k));
});

test("a whole answer that breaks off in the middle is told, and leaves its twins", async () => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "cut-after-1", headers: { traceparent: caller.traceparent } });
  expect(answer.status).toBe(502);
  await expectTwins(stack, answer.traceName, caller, { endpoint: "cut-after-1", errorType: "provider_protocol" });
});

test("a provider that hangs up at once is unavailable, in both twins", async () => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: "cut-before-head", headers: { traceparent: caller.traceparent } });
  expect(answer.status).toBe(502);
  const expected = { endpoint: "cut-before-head", errorType: "provider_unavailable" };
  await expectTwins(stack, answer.traceName, caller, expected);
});

test.each([
  ["silent", false],
  ["silent", true],
  ["falls-silent", false],
  ["falls-silent", true],
] as const)("a provider that is %s runs out of time, in both twins (stream: %s)", async (endpoint, stream) => {
  const caller = newCaller();
  const answer = await chat(stack.url, { model: endpoint, stream, headers: { traceparent: caller.traceparent } });
  expect(answer.isComplete && answer.status === 200).toBe(false);
  const { full } = await expectTwins(stack, answer.traceName, caller, { endpoint, errorType: "provider_timeout" });
  if (stream && endpoint === "falls-silent") expect(contentOf(full)).toBe(wordsBefore(3));
});

test.each([0, ...CUTS])("a caller's deadline after chunk %i leaves twins with the output so far", async (k) => {
  const caller = newCaller();
  const told = await client.stream({
    model: `stall-after-${k}`,
    stream: true,
    text: TEN_WORDS,
    headers: [["traceparent", caller.traceparent]],
    options: { deadline: Date.now() + 400 },
  });
  expect(told.error?.code).toBe(4);
  const expected = { endpoint: `stall-after-${k}`, errorType: "deadline_exceeded" };
  const { full } = await expectTwins(stack, await traceLinkedFrom(caller), caller, expected);
  expect(contentOf(full)).toBe(wordsBefore(k));
  await expectProviderCancelled();
});

test("the ingress's own deadline cuts a call that never ends, and its twins say so", async () => {
  await using brief = await startStack({
    models: ["stall-after-3", "stall-before-head"],
    ingress: { limits: { callMs: 500 } },
  });
  for (const [model, stream] of [
    ["stall-after-3", true],
    ["stall-before-head", false],
  ] as const) {
    const caller = newCaller();
    const answer = await chat(brief.url, { model, stream, headers: { traceparent: caller.traceparent } });
    expect(answer).toMatchObject({ status: stream ? 200 : 504, isComplete: !stream });
    expect(answer.body).toContain('"code":"deadline_exceeded"');
    const traceName = await traceLinkedFrom(caller, brief);
    await expectTwins(brief, traceName, caller, { endpoint: model, errorType: "deadline_exceeded" });
  }
});

/** The full trace of the mirror in a caller's trace, for calls whose answer could not name it. */
async function traceLinkedFrom(caller: Caller, { stored }: Stack = stack): Promise<string | undefined> {
  const { info } = await stored.get(caller.traceId);
  return info?.linkedTraceIds[0];
}

function contentOf({ outputs }: FullTrace): string {
  return outputs === undefined ? "" : (JSON.parse(outputs).choices[0].message.content ?? "");
}

/** The words in the first chunks of a stream. */
function wordsBefore(chunks: number): string {
  return TEN_WORDS.split(/(?<= )/)
    .slice(0, Math.max(0, chunks - 1))
    .join("");
}

async function expectProviderCancelled(): Promise<void> {
  await until("the provider's call is aborted", () => stack.provider.requests.at(-1)?.aborted === true);
}
