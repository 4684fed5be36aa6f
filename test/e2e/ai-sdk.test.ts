import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import {
  APICallError,
  type EmbeddingModel,
  embedMany,
  generateText,
  type LanguageModel,
  Output,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Caller, newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwins, expectTwinsOf, untilShipped } from "../traces/twins.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ models: ["echo-1", "tools-1", "status-429", "error-after-3"] });
});
afterAll(() => stack[Symbol.asyncDispose]());

const PROMPT = "hello from the SDK";

/** How each of the SDK's providers is pointed at twinspan. */
const PROVIDERS: readonly (readonly [name: string, model: (name: string, caller: Caller) => LanguageModel])[] = [
  ["OpenAI's responses", (name, caller) => createOpenAI(settingsOf("/v1", caller)).responses(name)],
  ["OpenAI's chat", (name, caller) => createOpenAI(settingsOf("/v1", caller)).chat(name)],
  ["MLflow's chat", (name, caller) => createOpenAI(settingsOf("/gateway/mlflow/v1", caller)).chat(name)],
  ["Anthropic's messages", (name, caller) => createAnthropic(settingsOf("/anthropic/v1", caller))(name)],
  ["Gemini's content", (name, caller) => createGoogle(settingsOf("/gemini/v1beta", caller))(name)],
];

const EMBEDDERS: readonly (readonly [name: string, model: (name: string, caller: Caller) => EmbeddingModel])[] = [
  ["OpenAI's", (name, caller) => createOpenAI(settingsOf("/v1", caller)).embedding(name)],
  ["Gemini's", (name, caller) => createGoogle(settingsOf("/gemini/v1beta", caller)).embedding(name)],
];

function settingsOf(path: string, caller: Caller) {
  return { baseURL: `${stack.url}${path}`, apiKey: "any", headers: { traceparent: caller.traceparent } };
}

// It says what it thinks of models that it does not know.
globalThis.AI_SDK_LOG_WARNINGS = false;

test.each(PROVIDERS)("a text, over %s", async (_name, modelOf) => {
  const caller = newCaller();
  const { text, usage } = await generateText({ model: modelOf("echo-1", caller), prompt: PROMPT });
  expect(text).toBe(PROMPT);
  expect(usage).toMatchObject({ inputTokens: 4, outputTokens: 4 });
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
});

test.each(PROVIDERS)("a stream, over %s", async (_name, modelOf) => {
  const caller = newCaller();
  const { textStream, usage } = streamText({ model: modelOf("echo-1", caller), prompt: PROMPT });
  let text = "";
  for await (const delta of textStream) text += delta;
  expect(text).toBe(PROMPT);
  expect(await usage).toMatchObject({ inputTokens: 4, outputTokens: 4 });
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(full.trace.info?.usage?.totalTokens).toBe(8n);
});

test.each(PROVIDERS)("a tool that is called and answers, over %s: two calls in one trace", async (_name, modelOf) => {
  const caller = newCaller();
  const asked: string[] = [];
  const inputSchema = z.object({ question: z.string() });
  const lookUp = tool({
    inputSchema,
    execute: async ({ question }) => {
      asked.push(question);
      return "it is found";
    },
  });
  const { text, steps } = await generateText({
    model: modelOf("tools-1", caller),
    prompt: PROMPT,
    tools: { lookUp },
    stopWhen: stepCountIs(3),
  });
  expect([asked.length, steps.length]).toEqual([1, 2]);
  expect(text).not.toBe("");
  expect(stack.provider.requests.at(-1)?.body).toContain("it is found");
  await untilShipped(stack);
  const { info } = await stack.stored.get(caller.traceId);
  expect(info?.linkedTraceIds).toHaveLength(2);
  for (const traceName of info?.linkedTraceIds ?? []) {
    await expectTwins(stack, traceName, caller, { endpoint: "tools-1" });
  }
});

test.each(PROVIDERS)("structured output, over %s", async (_name, modelOf) => {
  const schema = z.object({ city: z.string(), sights: z.array(z.string()) });
  const { output } = await generateText({
    model: modelOf("echo-1", newCaller()),
    prompt: PROMPT,
    output: Output.object({ schema }),
  });
  expect(schema.parse(output)).toEqual(output);
});

test.each(PROVIDERS)("a refusal is the SDK's APICallError, over %s", async (_name, modelOf) => {
  const caller = newCaller();
  const asked = generateText({ model: modelOf("status-429", caller), prompt: PROMPT, maxRetries: 0 });
  const error: unknown = await asked.catch((thrown: unknown) => thrown);
  expect(APICallError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ statusCode: 429, isRetryable: true });
  await expectTwinsOf(stack, caller, { endpoint: "status-429", errorType: "provider_rate_limited" });

  const unknown = generateText({ model: modelOf("nobody", newCaller()), prompt: PROMPT, maxRetries: 0 });
  await expect(unknown).rejects.toMatchObject({ statusCode: 404, message: expect.stringContaining("nobody") });
});

test.each(EMBEDDERS)("embeddings, over %s", async (_name, modelOf) => {
  const caller = newCaller();
  const { embeddings } = await embedMany({ model: modelOf("echo-1", caller), values: ["hello", "again"] });
  expect(embeddings.map(({ length }) => length > 0)).toEqual([true, true]);
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
});
