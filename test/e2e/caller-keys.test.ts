import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { canariesAmong, newCanary } from "../traces/canaries.ts";
import { untilShipped } from "../traces/twins.ts";

/** The keys that a caller may bring for its provider, by header. */
const OWN = {
  authorization: `Bearer ${newCanary()}`,
  "x-api-key": newCanary(),
  "x-goog-api-key": newCanary(),
  "api-key": newCanary(),
  "chatgpt-account-id": newCanary(),
  "openai-organization": newCanary(),
};
/** The key to twinspan, which goes nowhere. */
const TWINSPAN = newCanary();
const IN_QUERY = newCanary();
const PLANTED = [...Object.values(OWN).map((value) => value.replace("Bearer ", "")), TWINSPAN, IN_QUERY];

const MESSAGES = [{ role: "user", content: "hello" }];
const CONTENTS = [{ role: "user", parts: [{ text: "hello" }] }];

/** A call in each dialect. */
const CALLS: readonly (readonly [path: (endpoint: string) => string, body: (endpoint: string) => object])[] = [
  [() => "/v1/chat/completions", (model) => ({ model, messages: MESSAGES })],
  [() => "/v1/responses", (model) => ({ model, input: "hello" })],
  [() => "/v1/embeddings", (model) => ({ model, input: "hello" })],
  [() => "/anthropic/v1/messages", (model) => ({ model, max_tokens: 9, messages: MESSAGES })],
  [() => "/anthropic/v1/messages/count_tokens", (model) => ({ model, messages: MESSAGES })],
  [(name) => `/gemini/v1beta/models/${name}:generateContent`, () => ({ contents: CONTENTS })],
  [(name) => `/gemini/v1beta/models/${name}:streamGenerateContent?alt=sse`, () => ({ contents: CONTENTS })],
  [() => "/gateway/mlflow/v1/chat/completions", (model) => ({ model, messages: MESSAGES })],
  [(name) => `/gateway/${name}/mlflow/invocations`, () => ({ messages: MESSAGES })],
  [(name) => `/gateway/proxy/${name}/chat/completions`, () => ({ model: "echo-1", messages: MESSAGES })],
];

let stack: Stack;
/** What clients saw of answers, bodies and headers. */
const seen: string[] = [];

beforeAll(async () => {
  const endpoint = (name: string, model: string) => ({ name, models: [{ provider: "scripted", model }] });
  stack = await startStack({
    models: [],
    providers: { scripted: { apiKey: "the-gateways-own", breaker: { enabled: false } } },
    endpoints: [
      endpoint("kept", "echo-1"),
      { ...endpoint("passed", "echo-1"), credentials: "caller" },
      { ...endpoint("refused", "status-401"), credentials: "caller" },
    ],
  });
});
afterAll(() => stack[Symbol.asyncDispose]());

async function send(path: string, body: object, headers: Readonly<Record<string, string>>): Promise<Response> {
  const response = await fetch(`${stack.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", traceparent: newCaller().traceparent, ...headers },
    body: JSON.stringify(body),
  });
  seen.push(JSON.stringify([...response.headers]), await response.clone().text());
  return response;
}

test.each(CALLS.map(([path, body]) => [path("kept"), body] as const))(
  "a caller's keys stay with twinspan, unless its endpoint passes them on: %s",
  async (path, body) => {
    const [at, query] = path.split("?");
    const url = `${at}?${query ? `${query}&` : ""}key=${IN_QUERY}`;
    const response = await send(url, body("kept"), { ...OWN, "x-twinspan-key": TWINSPAN });
    expect(response.status).toBe(200);
    const received = stack.provider.requests.at(-1);
    expect(JSON.stringify(received)).toContain("the-gateways-own");
    expect(canariesAmong(PLANTED, JSON.stringify(received))).toEqual([]);
  },
);

test.each(CALLS.map(([path, body]) => [path("passed"), body] as const))(
  "an endpoint that passes them on passes them as they came: %s",
  async (path, body) => {
    const response = await send(path, body("passed"), { ...OWN, "x-twinspan-key": TWINSPAN });
    expect(response.status).toBe(200);
    const received = stack.provider.requests.at(-1);
    expect(received?.headers).toMatchObject(OWN);
    expect(JSON.stringify(received)).not.toContain("the-gateways-own");
    expect(canariesAmong([TWINSPAN], JSON.stringify(received))).toEqual([]);
  },
);

test("the key in a Gemini caller's query is passed on in the header, and leaves the query", async () => {
  const path = `/gemini/v1beta/models/passed:streamGenerateContent?key=${IN_QUERY}&alt=sse`;
  expect((await send(path, { contents: CONTENTS }, {})).status).toBe(200);
  const received = stack.provider.requests.at(-1);
  expect(received?.headers["x-goog-api-key"]).toBe(IN_QUERY);
  expect(received?.path).toBe("/gemini/v1beta/models/echo-1:streamGenerateContent?alt=sse");
});

test.each([
  ["/v1/chat/completions", { error: { type: "authentication_error", code: "invalid_api_key" } }],
  ["/anthropic/v1/messages", { type: "error", error: { type: "authentication_error" } }],
  ["/gemini/v1beta/models/passed:generateContent", { error: { code: 401, status: "UNAUTHENTICATED" } }],
])("a caller without any key is told which to send, at %s", async (path, error) => {
  const before = stack.provider.requests.length;
  const body = { model: "passed", max_tokens: 9, messages: MESSAGES, contents: CONTENTS };
  const response = await send(path, body, { "x-twinspan-key": TWINSPAN });
  expect([response.status, stack.provider.requests.length]).toEqual([401, before]);
  const told = await response.json();
  expect(told).toMatchObject(error);
  expect(JSON.stringify(told)).toContain("authorization, x-api-key, x-goog-api-key or api-key");
});

test("a provider that refuses a caller's own key says so itself", async () => {
  for (const [path, body] of CALLS.slice(0, 7)) {
    const response = await send(path("refused"), body("refused"), OWN);
    expect(response.status).toBe(401);
    const direct = await fetch(new URL(stack.provider.requests.at(-1)?.path ?? "", stack.provider.url), {
      method: "POST",
      body: stack.provider.requests.at(-1)?.body ?? "",
    });
    expect(await response.text()).toBe(await direct.text());
  }
});

test("no key is in any trace, log line, metric, answer, nor in any file of the outbox or the store", async () => {
  await untilShipped(stack);
  const ids = await stack.stored.allIds();
  expect(ids.size).toBeGreaterThan(2 * CALLS.length);
  for (const id of ids) {
    const trace = Buffer.from(Trace.encode(await stack.stored.get(id)).finish()).toString("latin1");
    expect(canariesAmong(PLANTED, trace), id).toEqual([]);
  }
  for (const service of [stack.ingress, stack.gateway, stack.traceWriter]) {
    expect(canariesAmong(PLANTED, service.output), service.name).toEqual([]);
    expect(canariesAmong(PLANTED, await service.metrics()), service.name).toEqual([]);
  }
  expect(canariesAmong(PLANTED, seen.join("\n"))).toEqual([]);
  const directory = dirname(stack.outboxPath);
  for (const file of readdirSync(directory)) {
    expect(canariesAmong(PLANTED, readFileSync(join(directory, file)).toString("latin1")), file).toEqual([]);
  }
});
