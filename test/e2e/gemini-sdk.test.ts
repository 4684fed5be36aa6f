import { ApiError, GoogleGenAI, Type } from "@google/genai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Caller, newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwinsOf } from "../traces/twins.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    models: [
      "echo-1",
      "tools-1",
      "error-after-2",
      "cut-after-2",
      "status-400",
      "status-403",
      "status-429",
      "status-500",
    ],
  });
});
afterAll(() => stack[Symbol.asyncDispose]());

const CONTENTS = "hello from the SDK";

function clientOf(caller: Caller, prefix = "/gemini", apiVersion = "v1beta"): GoogleGenAI {
  const httpOptions = { baseUrl: `${stack.url}${prefix}`, apiVersion, headers: { traceparent: caller.traceparent } };
  return new GoogleGenAI({ apiKey: "any", httpOptions });
}

test.each([
  ["/gemini", "v1beta"],
  ["/gemini", "v1"],
  ["/gateway/gemini", "v1beta"],
])("content, at %s/%s", async (prefix, version) => {
  const caller = newCaller();
  const answer = await clientOf(caller, prefix, version).models.generateContent({
    model: "echo-1",
    contents: CONTENTS,
  });
  expect(answer.text).toBe(CONTENTS);
  expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 4, candidatesTokenCount: 4, totalTokenCount: 8 });
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(JSON.parse(full.inputs ?? "")).toMatchObject({ contents: [{ parts: [{ text: CONTENTS }] }] });
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ responseId: answer.responseId });
});

test("a stream", async () => {
  const caller = newCaller();
  let text = "";
  for await (const chunk of await clientOf(caller).models.generateContentStream({
    model: "echo-1",
    contents: CONTENTS,
  })) {
    text += chunk.text ?? "";
  }
  expect(text).toBe(CONTENTS);
  expect(stack.provider.requests.at(-1)?.path).toBe("/gemini/v1beta/models/echo-1:streamGenerateContent?alt=sse");
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(full.trace.info?.usage?.totalTokens).toBe(8n);
  expect(JSON.stringify(JSON.parse(full.outputs ?? ""))).toContain(CONTENTS);
});

test("a stream that is one JSON array, as REST clients without SSE read it", async () => {
  const caller = newCaller();
  const response = await fetch(`${stack.url}/gemini/v1beta/models/echo-1:streamGenerateContent`, {
    method: "POST",
    headers: { "content-type": "application/json", traceparent: caller.traceparent, "x-goog-api-key": "any" },
    body: JSON.stringify({ contents: [{ role: "user", parts: [{ text: CONTENTS }] }] }),
  });
  const chunks: unknown = await response.json();
  expect(chunks).toBeInstanceOf(Array);
  expect(JSON.stringify(chunks)).toContain("hello");
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
});

test("a tool call, and the answer to its result", async () => {
  const caller = newCaller();
  const parameters = { type: Type.OBJECT, properties: { question: { type: Type.STRING } } };
  const config = { tools: [{ functionDeclarations: [{ name: "look_up", parameters }] }] };
  const first = await clientOf(caller).models.generateContent({ model: "tools-1", contents: CONTENTS, config });
  const [call] = first.functionCalls ?? [];
  expect(call).toMatchObject({ name: "look_up", args: { question: expect.any(String) } });
  await expectTwinsOf(stack, caller, { endpoint: "tools-1" });

  const chat = clientOf(newCaller()).chats.create({ model: "tools-1", config });
  await chat.sendMessage({ message: CONTENTS });
  const second = await chat.sendMessage({
    message: { functionResponse: { name: "look_up", response: { output: "it is found" } } },
  });
  expect(second.text).toContain("it is found");
});

test("structured output", async () => {
  const answer = await clientOf(newCaller()).models.generateContent({
    model: "echo-1",
    contents: CONTENTS,
    config: {
      responseMimeType: "application/json",
      responseSchema: { type: Type.OBJECT, properties: { city: { type: Type.STRING } }, required: ["city"] },
    },
  });
  expect(JSON.parse(answer.text ?? "")).toEqual({ city: expect.any(String) });
});

test("embeddings, which the SDK asks for in batches", async () => {
  const caller = newCaller();
  const { embeddings } = await clientOf(caller).models.embedContent({ model: "echo-1", contents: ["hello", "again"] });
  expect(embeddings?.map(({ values }) => (values?.length ?? 0) > 0)).toEqual([true, true]);
  expect(stack.provider.requests.at(-1)?.path).toBe("/gemini/v1beta/models/echo-1:batchEmbedContents");
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
});

test("tokens are counted without an answer", async () => {
  const caller = newCaller();
  expect((await clientOf(caller).models.countTokens({ model: "echo-1", contents: CONTENTS })).totalTokens).toBe(4);
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(full.trace.info?.usage).toBeUndefined();
});

test.each([
  ["status-400", 400, "provider_rejected"],
  ["status-403", 502, "provider_auth"],
  ["status-429", 429, "provider_rate_limited"],
  ["status-500", 500, "provider_unavailable"],
] as const)("a call of %s throws the SDK's ApiError", async (model, status, errorType) => {
  for (const method of ["generateContent", "generateContentStream"] as const) {
    const caller = newCaller();
    const asked = clientOf(caller).models[method]({ model, contents: CONTENTS });
    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status });
    await expectTwinsOf(stack, caller, { endpoint: model, errorType });
  }
});

test("no such endpoint is an ApiError in Google's words", async () => {
  const asked = clientOf(newCaller()).models.generateContent({ model: "nobody", contents: CONTENTS });
  await expect(asked).rejects.toMatchObject({ status: 404, message: expect.stringContaining('"NOT_FOUND"') });
});

test.each([
  ["error-after-2", "provider_unavailable"],
  ["cut-after-2", "provider_protocol"],
])("a stream that fails in the middle (%s) throws", async (model, errorType) => {
  const caller = newCaller();
  const stream = await clientOf(caller).models.generateContentStream({ model, contents: CONTENTS });
  let text = "";
  const read = async () => {
    for await (const chunk of stream) text += chunk.text ?? "";
  };
  await expect(read()).rejects.toBeInstanceOf(ApiError);
  expect(text).toContain("hello");
  await expectTwinsOf(stack, caller, { endpoint: model, errorType });
});

test("the endpoints are the models", async () => {
  const gemini = clientOf(newCaller());
  const names: (string | undefined)[] = [];
  for await (const { name } of await gemini.models.list()) names.push(name);
  expect(names).toContain("models/echo-1");
  expect(await gemini.models.get({ model: "echo-1" })).toMatchObject({ name: "models/echo-1", displayName: "echo-1" });
  await expect(gemini.models.get({ model: "nobody" })).rejects.toMatchObject({ status: 404 });
});
