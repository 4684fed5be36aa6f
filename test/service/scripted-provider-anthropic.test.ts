import Anthropic, { APIError, NotFoundError, RateLimitError } from "@anthropic-ai/sdk";
import { expect, test } from "vitest";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";

// The scripted provider as Anthropic's own client sees it.

const messages = [{ role: "user" as const, content: "what is a twin span?" }];
const ASKED = { max_tokens: 100, messages };
const TOOL = {
  name: "weather",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};

async function start() {
  const provider = await startScriptedProvider({ listen: "127.0.0.1:0" });
  // The client adds the version itself.
  const baseURL = provider.at("anthropic").replace(/\/v1$/, "");
  const client = new Anthropic({ baseURL, apiKey: "none", maxRetries: 0 });
  return { provider, client, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() };
}

test("a whole message, with thinking and tokens of the cache", async () => {
  await using run = await start();
  const message = await run.client.messages.create({ ...ASKED, model: "reasons-1", system: "be brief" });
  expect(message.content).toMatchObject([
    { type: "thinking", thinking: "Let me think about: what is a twin span?" },
    { type: "text", text: "what is a twin span?" },
  ]);
  expect(message).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
  expect(message.usage).toMatchObject({
    input_tokens: 7,
    output_tokens: 14,
    output_tokens_details: { thinking_tokens: 9 },
  });
  const cached = await run.client.messages.create({ ...ASKED, model: "cached-7" });
  expect(cached.usage).toMatchObject({ input_tokens: 5, cache_read_input_tokens: 7 });
  const written = await run.client.messages.create({ ...ASKED, model: "cache-write-7" });
  expect(written.usage).toMatchObject({ input_tokens: 5, cache_creation_input_tokens: 7 });
});

test("a stream tells the same message", async () => {
  await using run = await start();
  const stream = run.client.messages.stream({ ...ASKED, model: "reasons-1" });
  const types: string[] = [];
  stream.on("streamEvent", ({ type }) => void types.push(type));
  const message = await stream.finalMessage();
  const whole = await run.client.messages.create({ ...ASKED, model: "reasons-1" });
  expect(message.content.map(({ type }) => type)).toEqual(whole.content.map(({ type }) => type));
  expect(message.usage).toEqual(whole.usage);
  expect(message.stop_reason).toBe("end_turn");
  expect([...new Set(types)]).toEqual([
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
  ]);
});

test("a tool is used, streamed and whole, and its result is answered", async () => {
  await using run = await start();
  const whole = await run.client.messages.create({ ...ASKED, model: "tools-1", tools: [TOOL] });
  const streamed = await run.client.messages.stream({ ...ASKED, model: "tools-1", tools: [TOOL] }).finalMessage();
  for (const message of [whole, streamed]) {
    expect(message.content).toMatchObject([
      { type: "tool_use", name: "weather", input: { city: "what is a twin span?" } },
    ]);
    expect(message.stop_reason).toBe("tool_use");
  }
  const [use] = whole.content;
  const result = {
    type: "tool_result" as const,
    tool_use_id: use?.type === "tool_use" ? use.id : "",
    content: "sunny",
  };
  const after = [
    ...messages,
    { role: "assistant" as const, content: whole.content },
    { role: "user" as const, content: [result] },
  ];
  const second = await run.client.messages.create({
    model: "tools-1",
    max_tokens: 100,
    messages: after,
    tools: [TOOL],
  });
  expect(second.content).toMatchObject([{ type: "text", text: "sunny" }]);
});

test("a tool is used by a model that does not like to, when the request insists", async () => {
  await using run = await start();
  const insisting = { tools: [TOOL], tool_choice: { type: "tool" as const, name: "weather" } };
  const message = await run.client.messages.create({ ...ASKED, ...insisting, model: "echo-1" });
  expect(message.stop_reason).toBe("tool_use");
});

test("tokens are counted", async () => {
  await using run = await start();
  const image = { type: "base64" as const, media_type: "image/png" as const, data: "AAAA" };
  const counted = await run.client.messages.countTokens({
    model: "echo-1",
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "which city?" },
          { type: "image", source: image },
        ],
      },
    ],
  });
  expect(counted).toEqual({ input_tokens: 102 });
});

test("errors are those that the client knows", async () => {
  await using run = await start();
  const ask = (model: string) => run.client.messages.create({ ...ASKED, model });
  await expect(ask("status-429")).rejects.toBeInstanceOf(RateLimitError);
  await expect(ask("status-529")).rejects.toMatchObject({
    status: 529,
    error: { error: { type: "overloaded_error" } },
  });
  await expect(ask("no-such-model")).rejects.toBeInstanceOf(NotFoundError);
  const stream = run.client.messages.stream({ ...ASKED, model: "error-after-4" });
  await expect(stream.finalMessage()).rejects.toBeInstanceOf(APIError);
});

test("an answer that is longer than the request allows ends with `max_tokens`", async () => {
  await using run = await start();
  const message = await run.client.messages.create({ model: "echo-1", max_tokens: 2, messages });
  expect(message).toMatchObject({ stop_reason: "max_tokens", content: [{ text: "what is " }] });
});

test("it lists its models", async () => {
  await using run = await start();
  expect((await Array.fromAsync(run.client.models.list())).map(({ id }) => id)).toContain("echo-1");
});
