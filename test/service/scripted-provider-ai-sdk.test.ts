import { createAmazonBedrock } from "@ai-sdk/amazon-bedrock";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createAzure } from "@ai-sdk/azure";
import { createCohere } from "@ai-sdk/cohere";
import { createDeepSeek } from "@ai-sdk/deepseek";
import { createFireworks } from "@ai-sdk/fireworks";
import { createGoogle } from "@ai-sdk/google";
import { createGoogleVertex } from "@ai-sdk/google-vertex";
import { createGroq } from "@ai-sdk/groq";
import { createMistral } from "@ai-sdk/mistral";
import { createOpenAI } from "@ai-sdk/openai";
import { createTogetherAI } from "@ai-sdk/togetherai";
import { createXai } from "@ai-sdk/xai";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import {
  APICallError,
  type EmbeddingModel,
  embedMany,
  generateText,
  type LanguageModel,
  Output,
  streamText,
  tool,
} from "ai";
import { createOllama } from "ollama-ai-provider-v2";
import { expect, test } from "vitest";
import { z } from "zod";
import { type ScriptedProvider, startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";

// Every provider package of the AI SDK, unmodified, against the scripted provider at the base URL of its vendor.

interface Case {
  readonly model: (provider: ScriptedProvider, model: string) => LanguageModel;
  readonly embedding?: (provider: ScriptedProvider, model: string) => EmbeddingModel;
  /** Whether it asks for a schema of a model that it does not know. Default: yes. */
  readonly schema?: boolean;
  /** Whether what it reasons can be told from what it says. Default: yes. */
  readonly reasons?: boolean;
}

const apiKey = "none";

const CASES: Readonly<Record<string, Case>> = {
  "openai responses": {
    model: (provider, model) => createOpenAI({ baseURL: provider.at("openai"), apiKey }).responses(model),
    embedding: (provider, model) => createOpenAI({ baseURL: provider.at("openai"), apiKey }).embedding(model),
  },
  "openai chat": {
    model: (provider, model) => createOpenAI({ baseURL: provider.at("openai"), apiKey }).chat(model),
    reasons: false,
  },
  azure: {
    model: (provider, model) => createAzure({ baseURL: `${provider.at("azure-openai")}`, apiKey })(model),
    embedding: (provider, model) => createAzure({ baseURL: provider.at("azure-openai"), apiKey }).embedding(model),
  },
  "azure deployments": {
    model: (provider, model) => {
      const baseURL = provider.at("azure-openai").replace(/\/v1$/, "");
      return createAzure({ baseURL, apiKey, useDeploymentBasedUrls: true }).chat(model);
    },
    reasons: false,
  },
  anthropic: {
    model: (provider, model) => createAnthropic({ baseURL: provider.at("anthropic"), apiKey })(model),
  },
  google: {
    model: (provider, model) => createGoogle({ baseURL: provider.at("gemini"), apiKey })(model),
    embedding: (provider, model) => createGoogle({ baseURL: provider.at("gemini"), apiKey }).embedding(model),
  },
  vertex: {
    model: (provider, model) => createGoogleVertex({ baseURL: provider.at("google-vertex"), apiKey })(model),
    embedding: (provider, model) =>
      createGoogleVertex({ baseURL: provider.at("google-vertex"), apiKey }).embeddingModel(model),
  },
  bedrock: {
    model: (provider, model) => createAmazonBedrock({ baseURL: provider.at("amazon-bedrock"), apiKey })(model),
    embedding: (provider, model) =>
      createAmazonBedrock({ baseURL: provider.at("amazon-bedrock"), apiKey }).embedding(model),
  },
  "bedrock, signed": {
    model: (provider, model) =>
      createAmazonBedrock({
        baseURL: provider.at("amazon-bedrock"),
        region: "us-east-1",
        accessKeyId: "none",
        secretAccessKey: "none",
      })(model),
  },
  cohere: {
    model: (provider, model) => createCohere({ baseURL: provider.at("cohere"), apiKey })(model),
    embedding: (provider, model) => createCohere({ baseURL: provider.at("cohere"), apiKey }).embedding(model),
  },
  mistral: {
    model: (provider, model) => createMistral({ baseURL: provider.at("mistral"), apiKey })(model),
    embedding: (provider, model) => createMistral({ baseURL: provider.at("mistral"), apiKey }).embedding(model),
  },
  groq: { model: (provider, model) => createGroq({ baseURL: provider.at("groq"), apiKey })(model) },
  xai: { model: (provider, model) => createXai({ baseURL: provider.at("xai"), apiKey })(model) },
  deepseek: {
    model: (provider, model) => createDeepSeek({ baseURL: provider.at("deepseek"), apiKey })(model),
    schema: false,
  },
  together: {
    model: (provider, model) => createTogetherAI({ baseURL: provider.at("togetherai"), apiKey })(model),
    embedding: (provider, model) =>
      createTogetherAI({ baseURL: provider.at("togetherai"), apiKey }).embeddingModel(model),
    schema: false,
  },
  fireworks: {
    model: (provider, model) => createFireworks({ baseURL: provider.at("fireworks"), apiKey })(model),
    embedding: (provider, model) =>
      createFireworks({ baseURL: provider.at("fireworks"), apiKey }).embeddingModel(model),
  },
  openrouter: {
    model: (provider, model) => createOpenRouter({ baseURL: provider.at("openrouter"), apiKey })(model),
  },
  ollama: {
    model: (provider, model) => createOllama({ baseURL: provider.at("ollama-native") })(model),
    embedding: (provider, model) => createOllama({ baseURL: provider.at("ollama-native") }).embeddingModel(model),
  },
};

const names = Object.keys(CASES);
const prompt = "what is a twin span?";
const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: () => "sunny" });

async function start(name: string) {
  const provider = await startScriptedProvider({ listen: "127.0.0.1:0" });
  const found = CASES[name];
  if (found === undefined) throw new Error(`no case: ${name}`);
  return {
    ...found,
    provider,
    ask: (model: string) => ({ model: found.model(provider, model), prompt, maxOutputTokens: 100, maxRetries: 0 }),
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  };
}

test.each(names)("%s: a whole answer, and its tokens", async (name) => {
  await using run = await start(name);
  const answer = await generateText(run.ask("echo-1"));
  expect(answer.text).toBe(prompt);
  expect(answer.finishReason).toBe("stop");
  expect(answer.usage).toMatchObject({ inputTokens: 5, outputTokens: 5 });
});

test.each(names)("%s: a stream tells the same, piece by piece", async (name) => {
  await using run = await start(name);
  const answer = streamText(run.ask("echo-1"));
  const pieces = await Array.fromAsync(answer.textStream);
  expect(pieces.join("")).toBe(prompt);
  expect(pieces.length).toBeGreaterThan(3);
  expect(await answer.finishReason).toBe("stop");
  expect(await answer.usage).toMatchObject({ inputTokens: 5, outputTokens: 5 });
});

test.each(names)("%s: tools are called, whole and streamed, and answered", async (name) => {
  await using run = await start(name);
  const asked = { ...run.ask("tools-2"), tools: { weather } };
  const whole = await generateText(asked);
  const streamed = streamText(asked);
  await streamed.consumeStream();
  for (const { toolCalls, finishReason } of [
    whole,
    { toolCalls: await streamed.toolCalls, finishReason: await streamed.finishReason },
  ]) {
    expect(toolCalls.map(({ toolName, input }) => ({ toolName, input }))).toEqual(
      Array(2).fill({ toolName: "weather", input: { city: prompt } }),
    );
    expect(finishReason).toBe("tool-calls");
  }
  const { prompt: _prompt, ...rest } = asked;
  const messages = [{ role: "user" as const, content: prompt }, ...whole.response.messages];
  const second = await generateText({ ...rest, messages });
  expect(second.text).toContain("sunny");
});

test.each(names.filter((name) => CASES[name]?.schema !== false))(
  "%s: it answers in the schema that is asked for",
  async (name) => {
    await using run = await start(name);
    const output = Output.object({ schema: z.object({ city: z.string(), degrees: z.number() }) });
    const answer = await generateText({ ...run.ask("echo-1"), output });
    expect(answer.output).toMatchObject({ degrees: 1 });
  },
);

test.each(names.filter((name) => CASES[name]?.reasons !== false))("%s: it reasons first", async (name) => {
  await using run = await start(name);
  const answer = await generateText(run.ask("reasons-1"));
  expect(answer.reasoningText).toBe(`Let me think about: ${prompt}`);
  expect(answer.text).toBe(prompt);
  expect(answer.usage.outputTokens).toBe(14);
  const streamed = streamText(run.ask("reasons-1"));
  expect(await streamed.reasoningText).toBe(`Let me think about: ${prompt}`);
  expect(await streamed.usage).toMatchObject({ outputTokens: 14 });
});

test.each(names.filter((name) => CASES[name]?.embedding !== undefined))("%s: it embeds", async (name) => {
  await using run = await start(name);
  const model = run.embedding?.(run.provider, "echo-1");
  if (model === undefined) throw new Error("cannot be");
  const { embeddings } = await embedMany({ model, values: ["one", "two words"], maxRetries: 0 });
  expect(embeddings.map(({ length }) => length)).toEqual([8, 8]);
  expect(embeddings[0]).not.toEqual(embeddings[1]);
});

test.each(names)("%s: its errors have the status and the message", async (name) => {
  await using run = await start(name);
  const error = await generateText(run.ask("status-429")).catch((thrown: unknown) => thrown);
  expect(APICallError.isInstance(error)).toBe(true);
  // Ollama's client does not read Ollama's errors.
  const message = name === "ollama" ? "Too Many Requests" : expect.stringContaining("The script answers 429.");
  expect(error).toMatchObject({ statusCode: 429, message });
  await expect(generateText(run.ask("no-such-model"))).rejects.toMatchObject({ statusCode: 404 });
});

test.each(names)("%s: a stream that fails on its way is no whole answer", async (name) => {
  await using run = await start(name);
  const errors: unknown[] = [];
  const answer = streamText({ ...run.ask("error-after-4"), onError: ({ error }) => void errors.push(error) });
  await answer.consumeStream();
  const finishReason = await Promise.resolve(answer.finishReason).catch(() => "error");
  expect(errors.length > 0 || finishReason !== "stop").toBe(true);
});
