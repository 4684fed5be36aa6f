import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwins, expectTwinsOf } from "../traces/twins.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ models: ["echo-1", "status-429", "cut-after-3"] });
});
afterAll(() => stack[Symbol.asyncDispose]());

const MESSAGES = [{ role: "user" as const, content: "hello over MLflow's paths" }];

async function send(path: string, init: RequestInit = {}) {
  const caller = newCaller();
  const headers = { "content-type": "application/json", traceparent: caller.traceparent };
  const response = await fetch(`${stack.url}${path}`, { method: "POST", headers, ...init });
  return { caller, response, traceName: response.headers.get("x-twinspan-trace-id") ?? "" };
}

test("a chat at MLflow's invocations: the endpoint is in the path", async () => {
  const body = JSON.stringify({ messages: MESSAGES });
  const { caller, response, traceName } = await send("/gateway/echo-1/mlflow/invocations", { body });
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: "hello over MLflow's paths" } }] });
  const { full } = await expectTwins(stack, traceName, caller, { endpoint: "echo-1" });
  expect(full.inputs).toBe(body);
});

test("a stream at MLflow's invocations", async () => {
  const body = JSON.stringify({ messages: MESSAGES, stream: true });
  const { caller, response, traceName } = await send("/gateway/echo-1/mlflow/invocations", { body });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/);
  await expectTwins(stack, traceName, caller, { endpoint: "echo-1" });
});

test("embeddings at MLflow's invocations, and a body that is neither", async () => {
  const embedded = await send("/gateway/echo-1/mlflow/invocations", { body: JSON.stringify({ input: "hello" }) });
  expect(await embedded.response.json()).toMatchObject({ data: [{ embedding: expect.any(Array) }] });
  await expectTwins(stack, embedded.traceName, embedded.caller, { endpoint: "echo-1" });
  const neither = await send("/gateway/echo-1/mlflow/invocations", { body: "{}" });
  expect(neither.response.status).toBe(400);
  expect(await neither.response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
});

test("OpenAI's SDK at MLflow's unified chat", async () => {
  const caller = newCaller();
  const openai = new OpenAI({
    baseURL: `${stack.url}/gateway/mlflow/v1`,
    apiKey: "any",
    maxRetries: 0,
    defaultHeaders: { traceparent: caller.traceparent },
  });
  const answer = await openai.chat.completions.create({ model: "echo-1", messages: MESSAGES });
  expect(answer.choices[0]?.message.content).toBe("hello over MLflow's paths");
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  const limited = openai.chat.completions.create({ model: "status-429", messages: MESSAGES });
  await expect(limited).rejects.toBeInstanceOf(OpenAI.RateLimitError);
});

test("a raw request and its answer are the provider's own, byte for byte", async () => {
  const body = JSON.stringify({ model: "echo-1", messages: MESSAGES, unheard: "of" });
  const path = "/chat/completions?a=%20b&c=d+e";
  const { caller, response, traceName } = await send(`/gateway/proxy/echo-1${path}`, { body });
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: "hello over MLflow's paths" } }] });
  expect(stack.provider.requests.at(-1)).toMatchObject({ method: "POST", path: `/v1${path}`, body });
  await expectTwins(stack, traceName, caller, { endpoint: "echo-1" });
});

test("a raw GET, and what a provider refuses", async () => {
  const caller = newCaller();
  const headers = { traceparent: caller.traceparent };
  const models = await fetch(`${stack.url}/gateway/proxy/echo-1/models`, { headers });
  expect(await models.json()).toMatchObject({ object: "list" });
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  const missing = await send("/gateway/proxy/echo-1/no/such/thing", { method: "DELETE" });
  expect(missing.response.status).toBe(404);
  await expectTwins(stack, missing.traceName, missing.caller, { endpoint: "echo-1", errorType: "provider_rejected" });
});

test("a raw stream passes as it comes, and breaks off where the provider does", async () => {
  const whole = await send("/gateway/proxy/echo-1/chat/completions", {
    body: JSON.stringify({ model: "echo-1", messages: MESSAGES, stream: true }),
  });
  expect(await whole.response.text()).toMatch(/data: \[DONE\]\n\n$/);
  await expectTwins(stack, whole.traceName, whole.caller, { endpoint: "echo-1" });
  const cut = await send("/gateway/proxy/echo-1/chat/completions", {
    body: JSON.stringify({ model: "cut-after-3", messages: MESSAGES, stream: true }),
  });
  await expect(cut.response.text()).rejects.toThrow();
  await expectTwins(stack, cut.traceName, cut.caller, { endpoint: "echo-1", errorType: "provider_protocol" });
});

test("a raw path cannot lead out of the provider's base URL", async () => {
  const before = stack.provider.requests.length;
  const { caller, response, traceName } = await send("/gateway/proxy/echo-1/a%2f..%2f..%2fmodels", { body: "{}" });
  expect([response.status, stack.provider.requests.length]).toEqual([400, before]);
  await expectTwins(stack, traceName, caller, { endpoint: "echo-1", errorType: "invalid_request", attempts: [] });
});
