import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from "@google/genai";
import { expect, test } from "vitest";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";

// The scripted provider as Google's own client sees it.

const contents = "what is a twin span?";
const tools = [
  {
    functionDeclarations: [
      {
        name: "weather",
        parametersJsonSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    ],
  },
];

async function start() {
  const provider = await startScriptedProvider({ listen: "127.0.0.1:0" });
  // The client adds its own version, which is not that of the base URL.
  const baseUrl = provider.at("gemini").replace(/\/v1beta$/, "");
  const client = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl } });
  return { provider, client, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() };
}

test("content, with thoughts and tokens of the cache", async () => {
  await using run = await start();
  const answer = await run.client.models.generateContent({
    model: "reasons-1",
    contents,
    config: { systemInstruction: "be brief" },
  });
  expect(answer.text).toBe(contents);
  expect(answer.candidates?.[0]).toMatchObject({ finishReason: "STOP", index: 0, content: { role: "model" } });
  expect(answer.candidates?.[0]?.content?.parts?.[0]).toMatchObject({ thought: true });
  expect(answer.usageMetadata).toMatchObject({
    promptTokenCount: 7,
    candidatesTokenCount: 5,
    thoughtsTokenCount: 9,
    totalTokenCount: 21,
  });
  const cached = await run.client.models.generateContent({ model: "cached-7", contents });
  expect(cached.usageMetadata).toMatchObject({ promptTokenCount: 12, cachedContentTokenCount: 7 });
});

test("a stream tells the same content, and counts as it goes", async () => {
  await using run = await start();
  const parts = await Array.fromAsync(await run.client.models.generateContentStream({ model: "reasons-1", contents }));
  expect(parts.map(({ text }) => text ?? "").join("")).toBe(contents);
  expect(parts.at(-1)?.candidates?.[0]?.finishReason).toBe("STOP");
  expect(parts.at(-1)?.usageMetadata?.totalTokenCount).toBe(19);
  expect(parts[0]?.usageMetadata?.totalTokenCount).toBe(6);
});

test("a stream that is not asked for as events is the elements of an array", async () => {
  await using run = await start();
  const response = await fetch(`${run.provider.at("gemini")}/models/echo-1:streamGenerateContent`, {
    method: "POST",
    body: JSON.stringify({ contents: [{ role: "user", parts: [{ text: contents }] }] }),
  });
  expect(response.headers.get("content-type")).toBe("application/json; charset=UTF-8");
  expect(await response.json()).toHaveLength(6);
  const failed = await fetch(`${run.provider.at("gemini")}/models/error-after-2:streamGenerateContent`, {
    method: "POST",
    body: JSON.stringify({ contents: [{ role: "user", parts: [{ text: contents }] }] }),
  });
  expect(await failed.json()).toMatchObject([{}, {}, { error: { status: "UNAVAILABLE" } }]);
});

test("a function is called, streamed and whole, and its result is answered", async () => {
  await using run = await start();
  const asked = { model: "tools-1", contents, config: { tools } };
  const whole = await run.client.models.generateContent(asked);
  const streamed = await Array.fromAsync(await run.client.models.generateContentStream(asked));
  for (const calls of [whole.functionCalls, streamed.flatMap(({ functionCalls = [] }) => functionCalls)]) {
    expect(calls).toMatchObject([{ name: "weather", args: { city: contents } }]);
  }
  const second = await run.client.models.generateContent({
    ...asked,
    contents: [
      { role: "user", parts: [{ text: contents }] },
      { role: "model", parts: whole.candidates?.[0]?.content?.parts ?? [] },
      { role: "user", parts: [{ functionResponse: { name: "weather", response: { output: "sunny" } } }] },
    ],
  });
  expect(second.text).toBe("sunny");
});

test("a function is called by a model that does not like to, when the request insists", async () => {
  await using run = await start();
  const toolConfig = { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } };
  const answer = await run.client.models.generateContent({ model: "echo-1", contents, config: { tools, toolConfig } });
  expect(answer.functionCalls).toHaveLength(1);
});

test("it answers in the schema that is asked for", async () => {
  await using run = await start();
  const responseSchema = { type: "OBJECT", properties: { city: { type: "STRING" } } };
  const config = { responseMimeType: "application/json", responseSchema };
  const answer = await run.client.models.generateContent({ model: "echo-1", contents, config });
  expect(JSON.parse(answer.text ?? "")).toEqual({ city: contents });
});

test("embeddings, of one text and of several", async () => {
  await using run = await start();
  const config = { outputDimensionality: 4 };
  const one = await run.client.models.embedContent({ model: "echo-1", contents: "one", config });
  const two = await run.client.models.embedContent({ model: "echo-1", contents: ["one", "two words"], config });
  expect(one.embeddings?.[0]?.values).toHaveLength(4);
  expect(two.embeddings?.[0]?.values).toEqual(one.embeddings?.[0]?.values);
  expect(two.embeddings).toHaveLength(2);
  const single = await fetch(`${run.provider.at("gemini")}/models/echo-1:embedContent`, {
    method: "POST",
    body: JSON.stringify({ content: { parts: [{ text: "one" }] }, outputDimensionality: 4 }),
  });
  expect(await single.json()).toMatchObject({ embedding: { values: one.embeddings?.[0]?.values } });
});

test("tokens are counted", async () => {
  await using run = await start();
  expect((await run.client.models.countTokens({ model: "echo-1", contents })).totalTokens).toBe(5);
});

test("errors are those that the client knows", async () => {
  await using run = await start();
  const ask = (model: string) => run.client.models.generateContent({ model, contents });
  await expect(ask("status-400")).rejects.toBeInstanceOf(ApiError);
  await expect(ask("no-such-model")).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining("NOT_FOUND"),
  });
});

test("an answer that is longer than the request allows ends with `MAX_TOKENS`", async () => {
  await using run = await start();
  const answer = await run.client.models.generateContent({ model: "echo-1", contents, config: { maxOutputTokens: 2 } });
  expect(answer.candidates?.[0]).toMatchObject({
    finishReason: "MAX_TOKENS",
    content: { parts: [{ text: "what is " }] },
  });
});
