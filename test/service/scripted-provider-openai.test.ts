import OpenAI, { APIError } from "openai";
import { expect, test } from "vitest";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";

// The scripted provider as OpenAI's own client sees it, beyond plain chat completions.

const QUESTION = "what is a twin span?";
const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "number" } },
  required: ["city", "degrees"],
};

async function start() {
  const provider = await startScriptedProvider({ listen: "127.0.0.1:0" });
  const client = new OpenAI({ baseURL: provider.at("openai"), apiKey: "none", maxRetries: 0 });
  return { provider, client, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() };
}

test("chat: several tools are called, each with arguments of its own schema", async () => {
  await using run = await start();
  const tools = ["weather", "climate"].map((name) => ({
    type: "function" as const,
    function: { name, parameters: SCHEMA },
  }));
  const stream = run.client.chat.completions.stream({
    model: "tools-2",
    messages: [{ role: "user", content: QUESTION }],
    tools,
  });
  const { tool_calls: calls } = (await stream.finalChatCompletion()).choices[0]?.message ?? {};
  expect(calls?.map((call) => call.type === "function" && call.function.name)).toEqual(["weather", "climate"]);
  const [call] = calls ?? [];
  expect(JSON.parse(call?.type === "function" ? call.function.arguments : "")).toEqual({ city: QUESTION, degrees: 1 });
});

test("chat: it reasons, counts images, and answers in the schema that is asked for", async () => {
  await using run = await start();
  const answer = await run.client.chat.completions.create({
    model: "reasons-1",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "which city?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
    ],
    response_format: { type: "json_schema", json_schema: { name: "weather", schema: SCHEMA } },
  });
  expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toEqual({ city: "which city?", degrees: 1 });
  expect(answer.choices[0]?.message).toMatchObject({ reasoning_content: "Let me think about: which city?" });
  expect(answer.usage).toMatchObject({
    prompt_tokens: 102,
    completion_tokens_details: { reasoning_tokens: 6 },
  });
});

test("chat: cached, written and audio tokens come on top of the words", async () => {
  await using run = await start();
  const usageOf = async (model: string) => {
    const messages = [{ role: "user" as const, content: QUESTION }];
    return (await run.client.chat.completions.create({ model, messages })).usage;
  };
  expect(await usageOf("cached-7")).toMatchObject({ prompt_tokens: 12, prompt_tokens_details: { cached_tokens: 7 } });
  expect(await usageOf("cache-write-7")).toMatchObject({ prompt_tokens_details: { cache_write_tokens: 7 } });
  expect(await usageOf("audio-7")).toMatchObject({
    completion_tokens: 12,
    completion_tokens_details: { audio_tokens: 7 },
  });
  expect(await usageOf("no-usage-1")).toBeUndefined();
});

test("responses: a whole one", async () => {
  await using run = await start();
  const answer = await run.client.responses.create({ model: "reasons-1", instructions: "be brief", input: QUESTION });
  expect(answer).toMatchObject({ status: "completed", output_text: QUESTION, instructions: "be brief" });
  expect(answer.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
  expect(answer.usage).toMatchObject({
    input_tokens: 7,
    output_tokens: 14,
    output_tokens_details: { reasoning_tokens: 9 },
  });
});

test("responses: a stream numbers its events, and its last holds what the others told", async () => {
  await using run = await start();
  const stream = await run.client.responses.create({ model: "reasons-1", input: QUESTION, stream: true });
  const events = await Array.fromAsync(stream);
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  expect([...new Set(events.map(({ type }) => type))]).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_summary_part.done",
    "response.output_item.done",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.completed",
  ]);
  const said = events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");
  const last = events.at(-1);
  expect(said).toBe(QUESTION);
  expect(last?.type === "response.completed" && last.response).toMatchObject({
    output: [{ type: "reasoning" }, { content: [{ text: QUESTION }] }],
  });
});

test("responses: a tool is called, and its result is answered", async () => {
  await using run = await start();
  const tools = [{ type: "function" as const, name: "weather", parameters: SCHEMA, strict: null }];
  const stream = run.client.responses.stream({ model: "tools-1", input: QUESTION, tools });
  const first = await stream.finalResponse();
  const [call] = first.output;
  if (call?.type !== "function_call") throw new Error(`not a call: ${call?.type}`);
  expect(JSON.parse(call.arguments)).toEqual({ city: QUESTION, degrees: 1 });
  const second = await run.client.responses.create({
    model: "tools-1",
    tools,
    input: [
      { role: "user", content: QUESTION },
      call,
      { type: "function_call_output", call_id: call.call_id, output: "sunny" },
    ],
  });
  expect(second.output_text).toBe("sunny");
});

test("responses: one that is too long is incomplete, one that fails says so", async () => {
  await using run = await start();
  const lastOf = async (model: string, max_output_tokens: number | null) => {
    const stream = await run.client.responses.create({ model, input: QUESTION, max_output_tokens, stream: true });
    return (await Array.fromAsync(stream)).at(-1);
  };
  expect(await lastOf("echo-1", 2)).toMatchObject({
    type: "response.incomplete",
    response: { incomplete_details: { reason: "max_output_tokens" } },
  });
  expect(await lastOf("finish-error", null)).toMatchObject({
    type: "response.failed",
    response: { status: "failed", error: { code: "server_error" } },
  });
  await expect(lastOf("error-after-4", null)).rejects.toBeInstanceOf(APIError);
});

test("responses: a conversation is compacted", async () => {
  await using run = await start();
  const compacted = await run.client.responses.compact({ model: "echo-1", input: QUESTION });
  expect(compacted.object).toBe("response.compaction");
  expect(compacted.output.map(({ type }) => type)).toEqual(["message", "compaction"]);
  expect(compacted.usage.input_tokens).toBe(5);
});

test("embeddings: the same in every encoding, with as many dimensions as asked", async () => {
  await using run = await start();
  const input = ["one", "two words"];
  // The client asks for base64 by itself and decodes it.
  const decoded = await run.client.embeddings.create({ model: "echo-1", input, dimensions: 4 });
  const floats = await run.client.embeddings.create({
    model: "echo-1",
    input,
    dimensions: 4,
    encoding_format: "float",
  });
  expect(decoded.data.map(({ embedding }) => embedding)).toEqual(floats.data.map(({ embedding }) => embedding));
  expect(floats.data.map(({ embedding }) => embedding.length)).toEqual([4, 4]);
  expect(floats.data[0]?.embedding).not.toEqual(floats.data[1]?.embedding);
  expect(floats.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
});
