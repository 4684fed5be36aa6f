import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Caller, newCaller } from "../callers/caller.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { expectTwinsOf } from "../traces/twins.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    models: [
      "echo-1",
      "tools-1",
      "reasons-1",
      "error-after-3",
      "cut-after-3",
      "status-400",
      "status-429",
      "status-500",
    ],
  });
});
afterAll(() => stack[Symbol.asyncDispose]());

const INPUT = "hello from the SDK";

function clientOf(caller: Caller, prefix = "/v1"): OpenAI {
  const defaultHeaders = { traceparent: caller.traceparent };
  return new OpenAI({ baseURL: `${stack.url}${prefix}`, apiKey: "any", maxRetries: 0, defaultHeaders });
}

test.each(["/v1", "/gateway/openai/v1"])("a response, at %s", async (prefix) => {
  const caller = newCaller();
  const response = await clientOf(caller, prefix).responses.create({ model: "echo-1", input: INPUT });
  expect(response.output_text).toBe(INPUT);
  expect(response.usage).toMatchObject({ input_tokens: 4, output_tokens: 4, total_tokens: 8 });
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(JSON.parse(full.inputs ?? "")).toEqual({ model: "echo-1", input: INPUT });
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ id: response.id, object: "response" });
});

test("a streamed response comes to the same in the SDK and in the full trace", async () => {
  const caller = newCaller();
  const stream = clientOf(caller).responses.stream({ model: "echo-1", input: INPUT });
  let text = "";
  stream.on("response.output_text.delta", ({ delta }) => {
    text += delta;
  });
  const last = await stream.finalResponse();
  expect([text, last.output_text]).toEqual([INPUT, INPUT]);
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(JSON.parse(full.outputs ?? "")).toMatchObject({ id: last.id, status: "completed" });
  expect(full.trace.info?.usage?.totalTokens).toBe(8n);
});

test("a tool call, and the answer to its result", async () => {
  const openai = clientOf(newCaller());
  const tools = [
    {
      type: "function" as const,
      name: "look_up",
      strict: true,
      parameters: { type: "object", properties: { question: { type: "string" } } },
    },
  ];
  const first = await openai.responses.create({ model: "tools-1", input: INPUT, tools });
  const [call] = first.output.filter(({ type }) => type === "function_call");
  if (call?.type !== "function_call") throw new Error("no tool was called");
  expect(call).toMatchObject({ name: "look_up", arguments: expect.stringContaining("question") });
  const second = await openai.responses.create({
    model: "tools-1",
    tools,
    input: [
      { role: "user", content: INPUT },
      call,
      { type: "function_call_output", call_id: call.call_id, output: "it is found" },
    ],
  });
  expect(second.output_text).toBe("it is found");
});

test("structured output, parsed by the SDK", async () => {
  const caller = newCaller();
  const shape = z.object({ city: z.string(), population: z.number() });
  const parsed = await clientOf(caller).responses.parse({
    model: "echo-1",
    input: INPUT,
    text: { format: zodTextFormat(shape, "place") },
  });
  expect(shape.parse(parsed.output_parsed)).toEqual(parsed.output_parsed);
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
});

test("reasoning is counted", async () => {
  const caller = newCaller();
  const { usage } = await clientOf(caller).responses.create({ model: "reasons-1", input: INPUT });
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "reasons-1" });
  expect(usage?.output_tokens_details.reasoning_tokens).toBeGreaterThan(0);
  expect(full.trace.info?.usage?.reasoningOutputTokens).toBe(
    BigInt(usage?.output_tokens_details.reasoning_tokens ?? -1),
  );
});

test("a conversation is compacted", async () => {
  const caller = newCaller();
  const compacted = await clientOf(caller).responses.compact({ model: "echo-1", input: INPUT });
  expect(compacted).toMatchObject({ object: "response.compaction", output: expect.any(Array) });
  await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
});

test.each([
  ["status-400", OpenAI.BadRequestError, 400, "provider_rejected"],
  ["status-429", OpenAI.RateLimitError, 429, "provider_rate_limited"],
  ["status-500", OpenAI.InternalServerError, 500, "provider_unavailable"],
] as const)("a response of %s throws the SDK's exception for it", async (model, exception, status, errorType) => {
  for (const stream of [false, true]) {
    const caller = newCaller();
    const asked = clientOf(caller).responses.create({ model, input: INPUT, stream });
    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(exception);
    expect(error).toMatchObject({ status, type: expect.any(String), message: expect.stringContaining(`${status}`) });
    await expectTwinsOf(stack, caller, { endpoint: model, errorType });
  }
});

test("no such endpoint is the SDK's NotFoundError", async () => {
  const asked = clientOf(newCaller()).responses.create({ model: "nobody", input: INPUT });
  await expect(asked).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

test.each([
  ["error-after-3", "provider_unavailable"],
  ["cut-after-3", "provider_protocol"],
])("a streamed response that fails in the middle (%s) throws", async (model, errorType) => {
  const caller = newCaller();
  const stream = await clientOf(caller).responses.create({ model, input: INPUT, stream: true });
  const read = async () => {
    for await (const _event of stream);
  };
  await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
  const { full } = await expectTwinsOf(stack, caller, { endpoint: model, errorType });
  expect(full.outputs).toBeDefined();
});

test.each(["float", "base64"] as const)("embeddings, as %s", async (format) => {
  const caller = newCaller();
  const asked = clientOf(caller).embeddings.create({
    model: "echo-1",
    input: ["hello", "again"],
    dimensions: 8,
    encoding_format: format,
  });
  const { data, usage } = await asked;
  expect(data).toHaveLength(2);
  if (format === "float") expect(data[0]?.embedding).toHaveLength(8);
  expect(usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
  const { full } = await expectTwinsOf(stack, caller, { endpoint: "echo-1" });
  expect(full.trace.info?.usage?.inputTokens).toBe(2n);
});

test("the models are the endpoints, also below MLflow's prefix", async () => {
  for (const prefix of ["/gateway/openai/v1", "/gateway/mlflow/v1"]) {
    const names: string[] = [];
    for await (const { id } of clientOf(newCaller(), prefix).models.list()) names.push(id);
    expect(names).toContain("reasons-1");
  }
});
