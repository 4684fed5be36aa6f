import OpenAI, { APIConnectionError, AuthenticationError, NotFoundError, RateLimitError } from "openai";
import { expect, test } from "vitest";
import type { Behaviour } from "../../examples/scripted-provider/behaviour.ts";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { until } from "../../tools/until.ts";

const question = [{ role: "user" as const, content: "what is a twin span?" }];

async function start(behaviours: Readonly<Record<string, Behaviour>> = {}) {
  const provider = await startScriptedProvider({ listen: "127.0.0.1:0", behaviours });
  const client = new OpenAI({ baseURL: provider.url, apiKey: "none", maxRetries: 0 });
  return { provider, client, [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose]() };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("it echoes the last user message and counts its words", async () => {
  await using run = await start();
  const answer = await run.client.chat.completions.create({
    model: "echo-1",
    messages: [
      { role: "system", content: "be brief" },
      { role: "user", content: [{ type: "text", text: "two words" }] },
    ],
  });
  expect(answer.choices[0]?.message.content).toBe("two words");
  expect(answer.choices[0]?.finish_reason).toBe("stop");
  expect(answer.id).toMatch(/^chatcmpl-[0-9a-z]{29}$/);
  expect(answer.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 });
});

test("a stream comes word by word, and speaks of usage only when asked", async () => {
  await using run = await start();
  const plain = await collect(
    await run.client.chat.completions.create({ model: "echo-1", messages: question, stream: true }),
  );
  expect(plain.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("what is a twin span?");
  expect(plain).toHaveLength(1 + 5 + 1);
  expect(plain.every((chunk) => !("usage" in chunk))).toBe(true);

  const asked = await collect(
    await run.client.chat.completions.create({
      model: "echo-1",
      messages: question,
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  expect(asked.slice(0, -1).every((chunk) => chunk.usage === null && chunk.choices.length === 1)).toBe(true);
  expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 5 } });
});

test("it calls the tool it is given, and answers once the tool has", async () => {
  await using run = await start();
  const tools = [{ type: "function" as const, function: { name: "look_up", parameters: {} } }];
  const first = await run.client.chat.completions.create({ model: "tools-1", messages: question, tools });
  const [call] = first.choices[0]?.message.tool_calls ?? [];
  expect(call).toMatchObject({ type: "function", function: { name: "look_up" } });
  expect(first.choices[0]?.finish_reason).toBe("tool_calls");

  const result = { role: "tool" as const, tool_call_id: call?.id ?? "", content: "sunny" };
  const second = await run.client.chat.completions.create({ model: "tools-1", messages: [...question, result], tools });
  expect(second.choices[0]?.message.content).toBe("sunny");

  const stream = await collect(
    await run.client.chat.completions.create({ model: "tools-1", messages: question, tools, stream: true }),
  );
  const pieces = stream.map((chunk) => chunk.choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? "");
  expect(JSON.parse(pieces.join(""))).toEqual({ question: "what is a twin span?" });
});

test("errors are those that the SDK knows", async () => {
  await using run = await start();
  const ask = (model: string) => run.client.chat.completions.create({ model, messages: question });
  await expect(ask("status-429")).rejects.toBeInstanceOf(RateLimitError);
  await expect(ask("status-401")).rejects.toBeInstanceOf(AuthenticationError);
  await expect(ask("no-such-model")).rejects.toBeInstanceOf(NotFoundError);
  await expect(ask("cut-before-head")).rejects.toBeInstanceOf(APIConnectionError);
  await expect(ask("cut-after-0")).rejects.toThrow();
  await expect(ask("status-503")).rejects.toMatchObject({ status: 503 });
});

test("a stream is cut after so many chunks, and that is not the client's doing", async () => {
  await using run = await start();
  const seen: unknown[] = [];
  const read = async () => {
    const stream = await run.client.chat.completions.create({ model: "cut-after-3", messages: question, stream: true });
    for await (const chunk of stream) seen.push(chunk);
  };
  await expect(read()).rejects.toThrow();
  expect(seen.length).toBeLessThanOrEqual(3);
  await until("the request has ended", () => run.provider.requests[0]?.ended);
  expect(run.provider.requests[0]?.aborted).toBe(false);
});

test("a client that hangs up is noticed", async () => {
  await using run = await start();
  const stream = await run.client.chat.completions.create({ model: "stall-after-2", messages: question, stream: true });
  let seen = 0;
  for await (const _chunk of stream) {
    seen += 1;
    if (seen === 2) break;
  }
  await until("the request has ended", () => run.provider.requests[0]?.ended);
  expect(run.provider.requests[0]?.aborted).toBe(true);
  expect(run.provider.requests[0]?.headers.authorization).toBe("Bearer none");
  expect(JSON.parse(run.provider.requests[0]?.body ?? "")).toMatchObject({ model: "stall-after-2" });
});

test("an error event in the middle of a stream reaches the client as an error", async () => {
  await using run = await start();
  const stream = await run.client.chat.completions.create({ model: "error-after-2", messages: question, stream: true });
  await expect(collect(stream)).rejects.toThrow("The server had an error");
});

test("configured behaviours: failing at first, a fixed body, a fixed number of chunks, a size", async () => {
  await using run = await start({
    recovers: { failTimes: 1 },
    leaks: { status: 400, body: '{"error":{"message":"bad: secret"}}' },
    sized: { answerBytes: 3000, responseModel: "other" },
  });
  const ask = (model: string) => run.client.chat.completions.create({ model, messages: question });
  await expect(ask("recovers")).rejects.toMatchObject({ status: 503 });
  expect((await ask("recovers")).choices[0]?.message.content).toBe("what is a twin span?");
  await expect(ask("leaks")).rejects.toThrow("bad: secret");
  const sized = await ask("sized");
  expect(sized.choices[0]?.message.content).toHaveLength(3000);
  expect(sized.model).toBe("other");
  expect((await ask("chunks-7")).usage?.completion_tokens).toBe(7);
});

test("an answer that is longer than the request allows ends with `length`", async () => {
  await using run = await start();
  const answer = await run.client.chat.completions.create({ model: "echo-1", messages: question, max_tokens: 2 });
  expect(answer.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "what is " } });
});

test("garbage is not JSON, nor events", async () => {
  await using run = await start();
  const stream = await run.client.chat.completions.create({ model: "garbage-1", messages: question, stream: true });
  await expect(collect(stream)).rejects.toThrow();
});

test("it lists its models", async () => {
  await using run = await start({ mine: {} });
  const models = await collect(run.client.models.list());
  expect(models.map(({ id }) => id)).toEqual(expect.arrayContaining(["echo-1", "mine"]));
});
