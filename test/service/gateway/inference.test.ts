import { type Metadata, type ServiceError as RpcError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ImageDetail, type Message, ReasoningEffort } from "#proto/twinspan/inference/v1/prompt.ts";
import { ErrorType, FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { createInferenceClient, type InferenceCaller } from "../../callers/inference-client.ts";
import { promptOf, user, weather } from "../../callers/prompts.ts";
import { errorInfoOf, faultyFieldOf } from "../../callers/told.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { type RecordView, recordOfCall } from "../../traces/record-view.ts";

let run: GatewayRun;
let client: InferenceCaller;

beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      echo: { price: { inputPerMillion: 1, outputPerMillion: 2 } },
      tools: { behaviour: { toolCall: true } },
      refuses: { behaviour: { status: 422, body: '{"error":{"message":"canary in the refusal"}}' } },
      limits: { behaviour: { status: 429, headers: { "retry-after": "7" } } },
      cuts: { behaviour: { cutAfterChunks: 3 } },
      "falls-back": { behaviour: { status: 500 }, fallback: {} },
      claude: {
        behaviour: { toolCall: true },
        provider: (baseUrl) => ({ kind: "anthropic", baseUrl: baseUrl.replace("/v1", "/anthropic/v1"), apiKey: "k" }),
      },
    },
  });
  client = createInferenceClient(run.gateway.address);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await run[Symbol.asyncDispose]();
});

const fieldOf = (error: RpcError | undefined) => faultyFieldOf({ error });
const infoOf = (error: RpcError | undefined) => errorInfoOf({ error });

/** The call's record, checked to be a typed one with its mirror. */
async function recordOf(metadata: Metadata, requestType: string): Promise<RecordView> {
  const view = await recordOfCall(run, { metadata });
  expect(view.root.attributes["mlflow.gateway.requestType"]).toBe(requestType);
  expect(view.record.mirror?.traceId.toString("hex")).toBe(CALLER.traceId);
  return view;
}

test("a chat is asked and answered in typed messages, and recorded as the chat completion that it comes to", async () => {
  const { response, metadata } = await client.chat({ endpoint: "echo", prompt: promptOf([user("hello there")]) });
  expect(response).toMatchObject({
    message: { text: "hello there", toolCalls: [] },
    finishReason: FinishReason.FINISH_REASON_STOP,
    model: "echo-model",
    summary: {
      traceId: metadata.get("x-twinspan-trace-id")[0],
      errorType: ErrorType.ERROR_TYPE_UNSPECIFIED,
      usage: { inputTokens: 2n, outputTokens: 2n },
      cost: { totalNanoUsd: 6_000n },
    },
  });
  const { root, attempts } = await recordOf(metadata, "inference/chat");
  expect(JSON.parse(root.inputs)).toEqual({ model: "echo", messages: [{ role: "user", content: "hello there" }] });
  expect(JSON.parse(root.outputs)).toMatchObject({ choices: [{ message: { content: "hello there" } }] });
  expect(attempts[0]?.attributes["gen_ai.operation.name"]).toBe("chat");
});

test("everything that a prompt can say reaches the provider in its words", async () => {
  const call = { id: "call_1", name: "weather", argumentsJson: '{"question":"rain?"}' };
  const image = (source: { $case: "url"; value: string } | { $case: "data"; value: Buffer }, mediaType: string) => ({
    part: { $case: "image" as const, value: { source, mediaType, detail: ImageDetail.IMAGE_DETAIL_HIGH } },
  });
  const messages: Message[] = [
    { message: { $case: "system", value: { text: "be brief" } } },
    {
      message: {
        $case: "user",
        value: {
          parts: [
            { part: { $case: "text", value: "look" } },
            image({ $case: "url", value: "https://example.com/a.png" }, ""),
            image({ $case: "data", value: Buffer.from([1, 2, 3]) }, "image/png"),
          ],
        },
      },
    },
    { message: { $case: "assistant", value: { text: "", toolCalls: [call], reasoning: "hm", refusal: "" } } },
    { message: { $case: "toolResult", value: { toolCallId: "call_1", text: "no rain" } } },
  ];
  const { response } = await client.chat({
    endpoint: "echo",
    prompt: promptOf(messages, {
      tools: [{ ...weather, strict: true }],
      toolChoice: { choice: { $case: "tool", value: "weather" } },
      outputFormat: { name: "", schemaJson: '{"type":"object"}', strict: undefined },
      reasoning: { effort: ReasoningEffort.REASONING_EFFORT_LOW },
      sampling: {
        maxOutputTokens: 9,
        temperature: 0,
        topP: 0.5,
        seed: -3n,
        frequencyPenalty: 1,
        presencePenalty: -1,
        stop: ["END"],
      },
    }),
  });
  expect(response?.message).toBeDefined();
  const sent: unknown = JSON.parse(run.provider.requests.at(-1)?.body ?? "");
  expect(sent).toEqual({
    model: "echo-model",
    messages: [
      { role: "system", content: "be brief" },
      {
        role: "user",
        content: [
          { type: "text", text: "look" },
          { type: "image_url", image_url: { url: "https://example.com/a.png", detail: "high" } },
          { type: "image_url", image_url: { url: "data:image/png;base64,AQID", detail: "high" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "weather", arguments: '{"question":"rain?"}' } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "no rain" },
    ],
    tools: [
      {
        type: "function",
        function: {
          name: "weather",
          description: "Tells the weather.",
          parameters: JSON.parse(weather.parametersJson),
          strict: true,
        },
      },
    ],
    tool_choice: { type: "function", function: { name: "weather" } },
    response_format: { type: "json_schema", json_schema: { name: "answer", schema: { type: "object" } } },
    reasoning_effort: "low",
    max_completion_tokens: 9,
    temperature: 0,
    top_p: 0.5,
    seed: -3,
    frequency_penalty: 1,
    presence_penalty: -1,
    stop: ["END"],
  });
});

test("a stream comes as typed pieces, its end with the summary, and comes to one answer in the record", async () => {
  const { text, end, pieces, metadata, error } = await client.streamChat({
    endpoint: "echo",
    prompt: promptOf([user("one two three")]),
  });
  expect(error).toBeUndefined();
  expect(text).toBe("one two three");
  expect(pieces.length).toBeGreaterThan(3);
  expect(end).toMatchObject({
    finishReason: FinishReason.FINISH_REASON_STOP,
    model: "echo-model",
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, usage: { inputTokens: 3n, outputTokens: 3n } },
  });
  const { root } = await recordOf(metadata, "inference/chat");
  expect(JSON.parse(root.outputs)).toMatchObject({ choices: [{ message: { content: "one two three" } }] });
});

test("a tool call comes whole, or piece by piece", async () => {
  const request = { endpoint: "tools", prompt: promptOf([user("rain today?")], { tools: [weather] }) };
  const { response } = await client.chat(request);
  expect(response?.finishReason).toBe(FinishReason.FINISH_REASON_TOOL_CALLS);
  const [call] = response?.message?.toolCalls ?? [];
  expect(call).toMatchObject({ name: "weather", argumentsJson: '{"question":"rain today?"}' });
  expect(call?.id).not.toBe("");

  const { pieces, end } = await client.streamChat(request);
  const calls = pieces.flatMap((piece) => (piece.$case === "toolCall" ? [piece.value] : []));
  expect(calls[0]).toMatchObject({ index: 0, name: "weather" });
  expect(calls.map(({ argumentsJson }) => argumentsJson).join("")).toBe('{"question":"rain today?"}');
  expect(end?.finishReason).toBe(FinishReason.FINISH_REASON_TOOL_CALLS);
});

test("texts become vectors in their order", async () => {
  const { response, metadata } = await client.embed({ endpoint: "echo", texts: ["a", "b c", "d"], dimensions: 8 });
  expect(response?.embeddings.map(({ values }) => values.length)).toEqual([8, 8, 8]);
  expect(response?.summary?.usage?.inputTokens).toBe(4n);
  const { root } = await recordOf(metadata, "inference/embeddings");
  expect(root.attributes["gen_ai.operation.name"]).toBe("embeddings");
});

test("a provider's failure is a status with rich details, and its words are in the full trace alone", async () => {
  const refused = await client.chat({ endpoint: "refuses", prompt: promptOf([user("x")]) });
  expect(refused.error?.code).toBe(status.INVALID_ARGUMENT);
  expect(infoOf(refused.error)).toMatchObject({ reason: "PROVIDER_REJECTED", domain: "twinspan" });
  expect(JSON.stringify(refused.error)).not.toContain("canary");
  const { attempts } = await recordOf(refused.metadata, "inference/chat");
  expect(attempts[0]?.errorText).toContain("canary in the refusal");

  const limited = await client.streamChat({ endpoint: "limits", prompt: promptOf([user("x")]) });
  expect(limited.error?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(infoOf(limited.error)).toMatchObject({ reason: "PROVIDER_RATE_LIMITED" });
  expect(limited.pieces).toEqual([]);
});

test("an answer that is cut ends with an error after its pieces, and its record says so", async () => {
  const { text, end, error, metadata } = await client.streamChat({
    endpoint: "cuts",
    prompt: promptOf([user("one two three four five")]),
  });
  expect(text).toBe("one two ");
  expect(end).toBeUndefined();
  expect(infoOf(error)).toMatchObject({ reason: "PROVIDER_PROTOCOL" });
  const { root } = await recordOf(metadata, "inference/chat");
  expect(root.errorType).toBe("provider_protocol");
  expect(root.outputs).toContain("one two ");
});

test("a failed model is followed by the next, as in every dialect", async () => {
  const { response } = await client.chat({ endpoint: "falls-back", prompt: promptOf([user("hi")]) });
  expect(response?.summary).toMatchObject({ attempts: 2, errorType: ErrorType.ERROR_TYPE_UNSPECIFIED });
});

test("a model of another format is asked in its own, and what it cannot be asked is named as the prompt names it", async () => {
  const { response } = await client.chat({
    endpoint: "claude",
    prompt: promptOf([user("rain?")], { tools: [weather] }),
  });
  expect(response?.message?.toolCalls[0]).toMatchObject({ name: "weather", argumentsJson: '{"question":"rain?"}' });
  expect(run.provider.requests.at(-1)?.path).toBe("/anthropic/v1/messages");
  const sampling = {
    seed: 7n,
    maxOutputTokens: undefined,
    temperature: undefined,
    topP: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    stop: [],
  };
  const { error } = await client.chat({ endpoint: "claude", prompt: promptOf([user("rain?")], { sampling }) });
  expect(infoOf(error)).toMatchObject({ reason: "UNTRANSLATABLE" });
  expect(fieldOf(error)).toBe("prompt.sampling.seed");
  expect(error?.details).toContain("`prompt.sampling.seed`");
});
