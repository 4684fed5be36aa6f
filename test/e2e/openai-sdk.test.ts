import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { type Caller, newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwins } from "../traces/twins.ts";

let stack: Stack;
beforeAll(async () => {
  const statuses = [400, 401, 403, 404, 409, 422, 429, 500, 503].map((status) => `status-${status}`);
  stack = await startStack({
    models: ["echo-1", "tools-1", "error-after-3", "stall-after-4", "recovers", ...statuses],
    behaviours: { recovers: { status: 503, failTimes: 1 } },
  });
});
afterAll(() => stack[Symbol.asyncDispose]());

const MESSAGES = [{ role: "user" as const, content: "hello from the SDK" }];
const TOOLS = [
  {
    type: "function" as const,
    function: { name: "look_up", parameters: { type: "object", properties: { question: { type: "string" } } } },
  },
];

/** The SDK as anybody uses it, but for the header that an instrumentation would add by itself. */
function clientOf(caller: Caller, maxRetries = 0): OpenAI {
  const defaultHeaders = { traceparent: caller.traceparent };
  return new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: "any", maxRetries, defaultHeaders });
}

test("a chat", async () => {
  const caller = newCaller();
  const asked = clientOf(caller).chat.completions.create({ model: "echo-1", messages: MESSAGES });
  const { data, response, request_id } = await asked.withResponse();
  expect(data.choices[0]?.message).toMatchObject({ role: "assistant", content: "hello from the SDK" });
  expect(data.usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 4, total_tokens: 8 });
  expect(request_id).toBe(response.headers.get("x-request-id"));
  await expectTwins(stack, response.headers.get("x-twinspan-trace-id") ?? "", caller, { endpoint: "echo-1" });
});

test.each([true, false])("a stream (its usage asked for: %s)", async (includeUsage) => {
  const caller = newCaller();
  const { data: stream, response } = await clientOf(caller)
    .chat.completions.create({
      model: "echo-1",
      messages: MESSAGES,
      stream: true,
      ...(includeUsage ? { stream_options: { include_usage: true } } : {}),
    })
    .withResponse();
  let text = "";
  const usages: unknown[] = [];
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    if (chunk.usage) usages.push(chunk.usage);
    if (!includeUsage) expect(chunk.choices).toHaveLength(1);
  }
  expect(text).toBe("hello from the SDK");
  expect(usages).toHaveLength(includeUsage ? 1 : 0);
  const { full } = await expectTwins(stack, response.headers.get("x-twinspan-trace-id") ?? "", caller, {
    endpoint: "echo-1",
  });
  expect(full.trace.info?.usage?.totalTokens).toBe(8n);
});

test("a tool call, and the answer to its result", async () => {
  const caller = newCaller();
  const openai = clientOf(caller);
  const first = await openai.chat.completions.create({ model: "tools-1", messages: MESSAGES, tools: TOOLS });
  const message = first.choices[0]?.message;
  const call = message?.tool_calls?.[0];
  if (message === undefined || call?.type !== "function") throw new Error("no tool was called");
  expect(first.choices[0]?.finish_reason).toBe("tool_calls");
  expect(call.function).toEqual({ name: "look_up", arguments: '{"question":"hello from the SDK"}' });
  const second = await openai.chat.completions.create({
    model: "tools-1",
    messages: [...MESSAGES, message, { role: "tool", tool_call_id: call.id, content: "it is found" }],
    tools: TOOLS,
  });
  expect(second.choices[0]?.message.content).toBe("it is found");
});

test("a tool call that is streamed comes to the same in the full trace", async () => {
  const caller = newCaller();
  const asked = clientOf(caller).chat.completions.stream({ model: "tools-1", messages: MESSAGES, tools: TOOLS });
  const last = await asked.finalChatCompletion();
  const call = last.choices[0]?.message.tool_calls?.[0];
  expect(call).toMatchObject({ function: { name: "look_up", arguments: '{"question":"hello from the SDK"}' } });
  const { info } = await stack.stored.get(caller.traceId);
  const { full } = await expectTwins(stack, info?.linkedTraceIds[0], caller, { endpoint: "tools-1" });
  expect(JSON.parse(full.outputs ?? "").choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { tool_calls: [{ function: { name: "look_up", arguments: '{"question":"hello from the SDK"}' } }] },
  });
});

test.each([
  ["status-400", OpenAI.BadRequestError, 400],
  ["status-401", OpenAI.InternalServerError, 502],
  ["status-403", OpenAI.InternalServerError, 502],
  ["status-404", OpenAI.NotFoundError, 404],
  ["status-409", OpenAI.ConflictError, 409],
  ["status-422", OpenAI.UnprocessableEntityError, 422],
  ["status-429", OpenAI.RateLimitError, 429],
  ["status-500", OpenAI.InternalServerError, 500],
  ["status-503", OpenAI.InternalServerError, 503],
  ["nobody", OpenAI.NotFoundError, 404],
] as const)("a call of %s throws the exception that the SDK has for it", async (model, exception, status) => {
  for (const stream of [false, true]) {
    const error: unknown = await clientOf(newCaller())
      .chat.completions.create({ model, messages: MESSAGES, stream })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(exception);
    expect(error).toMatchObject({
      status,
      message: expect.stringMatching(/\w/),
      requestID: expect.stringMatching(/./),
    });
  }
});

test("a failure that passes is tried again by the SDK, and each try has its twins", async () => {
  const caller = newCaller();
  const answer = await clientOf(caller, 2).chat.completions.create({ model: "recovers", messages: MESSAGES });
  expect(answer.choices[0]?.message.content).toBe("hello from the SDK");
  const info = await until("both tries are stored", async () => {
    const { info: found } = await stack.stored.get(caller.traceId);
    return found?.linkedTraceIds.length === 2 && found;
  });
  const [failed, well] = info.linkedTraceIds;
  await expectTwins(stack, failed, caller, { endpoint: "recovers", errorType: "provider_unavailable" });
  await expectTwins(stack, well, caller, { endpoint: "recovers" });
});

test("an error in the middle of a stream is thrown to who reads it", async () => {
  const stream = await clientOf(newCaller()).chat.completions.create({
    model: "error-after-3",
    messages: MESSAGES,
    stream: true,
  });
  let text = "";
  const read = async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  };
  await expect(read()).rejects.toThrow("The server had an error while processing your request.");
  expect(text).toBe("hello from ");
});

test("an abort in the middle of a stream cancels the provider's call", async () => {
  const caller = newCaller();
  const { data: stream, response } = await clientOf(caller)
    .chat.completions.create({ model: "stall-after-4", messages: MESSAGES, stream: true })
    .withResponse();
  let chunks = 0;
  for await (const _ of stream) {
    chunks += 1;
    if (chunks === 4) stream.controller.abort();
  }
  expect(chunks).toBe(4);
  const expected = { endpoint: "stall-after-4", errorType: "cancelled" };
  const { full } = await expectTwins(stack, response.headers.get("x-twinspan-trace-id") ?? "", caller, expected);
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ choices: [{ message: { content: "hello from the " } }] });
  await until("the provider's call is aborted", () => stack.provider.requests.at(-1)?.aborted === true);
});

test("an abort before the answer cancels it too", async () => {
  const caller = newCaller();
  const abort = new AbortController();
  const asked = clientOf(caller).chat.completions.create(
    { model: "stall-after-4", messages: MESSAGES },
    { signal: abort.signal },
  );
  const received = stack.provider.requests.length;
  const outcome = expect(asked).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  await until("the provider has the request", () => stack.provider.requests.length > received);
  abort.abort();
  await outcome;
  const { info } = await stack.stored.get(caller.traceId);
  const expected = { endpoint: "stall-after-4", errorType: "cancelled" };
  await expectTwins(stack, info?.linkedTraceIds[0], caller, expected);
});

test("the endpoints are the models", async () => {
  const openai = clientOf(newCaller());
  const names: string[] = [];
  for await (const { id } of openai.models.list()) names.push(id);
  expect(names).toEqual([...names].sort());
  expect(names).toContain("echo-1");
  expect(await openai.models.retrieve("echo-1")).toMatchObject({ id: "echo-1", object: "model" });
  await expect(openai.models.retrieve("nobody")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});
