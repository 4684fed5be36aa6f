import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { type Caller, newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwins, expectTwinsOf } from "../traces/twins.ts";

let stack: Stack;
beforeAll(async () => {
  const statuses = [400, 401, 404, 413, 429, 500, 529].map((status) => `status-${status}`);
  stack = await startStack({
    models: ["echo-1", "tools-1", "cached-7", "error-after-3", "cut-after-3", "stall-after-3", ...statuses],
  });
});
afterAll(() => stack[Symbol.asyncDispose]());

const MESSAGES = [{ role: "user" as const, content: "hello from the SDK" }];
const ASKED = { model: "echo-1", max_tokens: 100, messages: MESSAGES };
const TOOLS = [
  {
    name: "look_up",
    input_schema: { type: "object" as const, properties: { question: { type: "string" } } },
  },
];

function clientOf(caller: Caller, prefix = "/anthropic"): Anthropic {
  const defaultHeaders = { traceparent: caller.traceparent };
  return new Anthropic({ baseURL: `${stack.url}${prefix}`, apiKey: "any", maxRetries: 0, defaultHeaders });
}

test.each(["/anthropic", "/gateway/anthropic"])("a message, at %s", async (prefix) => {
  const caller = newCaller();
  const asked = clientOf(caller, prefix).messages.create(ASKED);
  const { data, response } = await asked.withResponse();
  expect(data.content).toEqual([expect.objectContaining({ type: "text", text: "hello from the SDK" })]);
  expect(data.usage).toMatchObject({ input_tokens: 4, output_tokens: 4 });
  const traceName = response.headers.get("x-twinspan-trace-id") ?? "";
  const { full } = await expectTwins(stack, traceName, caller, { endpoint: "echo-1" });
  expect(JSON.parse(full.inputs ?? "")).toEqual(ASKED);
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ id: data.id, role: "assistant" });
});

test("the stream helper's final message is the full trace's", async () => {
  const caller = newCaller();
  const stream = clientOf(caller).messages.stream(ASKED);
  let text = "";
  stream.on("text", (delta) => {
    text += delta;
  });
  const last = await stream.finalMessage();
  expect(text).toBe("hello from the SDK");
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ id: last.id, content: [{ type: "text", text }] });
  expect(full.trace.info?.usage?.totalTokens).toBe(8n);
});

test("betas arrive, in the header and in the query where older SDKs say so", async () => {
  const caller = newCaller();
  const message = await clientOf(caller).beta.messages.create({ ...ASKED, betas: ["context-1m-2025-08-07"] });
  expect(message.content).toEqual([expect.objectContaining({ text: "hello from the SDK" })]);
  expect(stack.provider.requests.at(-1)?.headers).toMatchObject({
    "anthropic-beta": "context-1m-2025-08-07",
    "anthropic-version": expect.stringMatching(/^20\d\d-/),
  });
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  await clientOf(newCaller()).post("/v1/messages?beta=true", { body: ASKED });
  expect(stack.provider.requests.at(-1)?.path).toBe("/anthropic/v1/messages?beta=true");
});

test("a tool call that is streamed, and the answer to its result", async () => {
  const caller = newCaller();
  const asked = { ...ASKED, model: "tools-1", tools: TOOLS };
  const first = await clientOf(caller).messages.stream(asked).finalMessage();
  expect(first.stop_reason).toBe("tool_use");
  const call = first.content.find((block) => block.type === "tool_use");
  if (call === undefined) throw new Error("no tool was called");
  expect(call).toMatchObject({ name: "look_up", input: { question: expect.any(String) } });
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "tools-1" });
  expect(JSON.parse(full.outputs ?? "").content).toContainEqual(expect.objectContaining({ input: call.input }));

  const second = await clientOf(newCaller()).messages.create({
    ...asked,
    messages: [
      ...MESSAGES,
      { role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "it is found" }] },
    ],
  });
  expect(second.content).toEqual([expect.objectContaining({ type: "text", text: "it is found" })]);
});

test("tokens that come from a cache are counted", async () => {
  const caller = newCaller();
  const { usage } = await clientOf(caller).messages.create({ ...ASKED, model: "cached-7" });
  expect(usage.cache_read_input_tokens).toBe(7);
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "cached-7" });
  expect(full.trace.info?.usage).toMatchObject({
    cacheReadInputTokens: 7n,
    inputTokens: BigInt(usage.input_tokens + 7),
  });
});

test("tokens are counted without an answer", async () => {
  const caller = newCaller();
  const count = await clientOf(caller).messages.countTokens({ model: "echo-1", messages: MESSAGES });
  expect(count.input_tokens).toBe(4);
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(full.trace.info?.usage).toBeUndefined();
});

test.each([
  ["status-400", Anthropic.BadRequestError, 400, "provider_rejected"],
  ["status-401", Anthropic.InternalServerError, 502, "provider_auth"],
  ["status-404", Anthropic.NotFoundError, 404, "provider_rejected"],
  ["status-413", Anthropic.APIError, 413, "provider_rejected"],
  ["status-429", Anthropic.RateLimitError, 429, "provider_rate_limited"],
  ["status-500", Anthropic.InternalServerError, 500, "provider_unavailable"],
  ["status-529", Anthropic.InternalServerError, 529, "provider_unavailable"],
] as const)("a call of %s throws the SDK's exception for it", async (model, exception, status, errorType) => {
  for (const stream of [false, true]) {
    const caller = newCaller();
    const asked = clientOf(caller).messages.create({ ...ASKED, model, stream });
    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(exception);
    expect(error).toMatchObject({ status, error: { type: "error", error: { message: expect.any(String) } } });
    await expectTwinsOf(stack, caller, { endpoint: model, errorType });
  }
});

test("no such endpoint is the SDK's NotFoundError, in Anthropic's words", async () => {
  const asked = clientOf(newCaller()).messages.create({ ...ASKED, model: "nobody" });
  const error: unknown = await asked.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Anthropic.NotFoundError);
  expect(error).toMatchObject({ error: { error: { type: "not_found_error" } } });
});

test.each([
  ["error-after-3", "provider_unavailable"],
  ["cut-after-3", "provider_protocol"],
])("a stream that fails in the middle (%s) throws", async (model, errorType) => {
  const caller = newCaller();
  const stream = clientOf(caller).messages.stream({ ...ASKED, model });
  await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError);
  const { full } = await expectTwinsOf(stack, caller, { endpoint: model, errorType });
  expect(full.outputs).toBeDefined();
});

test("an abort in the middle cancels the provider's call", async () => {
  const caller = newCaller();
  const stream = clientOf(caller).messages.stream({ ...ASKED, model: "stall-after-3" });
  const outcome = expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
  await new Promise<void>((resolve) => stream.once("streamEvent", () => resolve()));
  stream.abort();
  await outcome;
  await expectTwinsOf(stack, caller, { endpoint: "stall-after-3", errorType: "cancelled" });
  await until("the provider's call is aborted", () => stack.provider.requests.at(-1)?.aborted === true);
});

test("the endpoints are the models", async () => {
  const anthropic = clientOf(newCaller());
  const names: string[] = [];
  for await (const { id } of anthropic.models.list()) names.push(id);
  expect(names).toContain("echo-1");
  expect(await anthropic.models.retrieve("echo-1")).toMatchObject({ type: "model", id: "echo-1" });
  await expect(anthropic.models.retrieve("nobody")).rejects.toBeInstanceOf(Anthropic.NotFoundError);
});
