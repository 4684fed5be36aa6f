import { expect, test } from "vitest";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import { dialectOf } from "../../../services/gateway/dialects/dialects.ts";
import { openAiEmbeddings } from "../../../services/gateway/dialects/openai-embeddings/openai-embeddings.ts";
import { openAiUsageOf } from "../../../services/gateway/dialects/openai-usage.ts";

function read(dialect: Dialect, body: string, also: Partial<Invocation> = {}) {
  const bytes = Buffer.from(body);
  const invocation = { dialect, endpoint: "", body: bytes, target: undefined, headers: [], credentials: [], ...also };
  const support = dialectOf(invocation);
  if (support === undefined) throw new Error("no such dialect");
  return { support, request: support.readRequest(invocation) };
}

test("embeddings are relayed with the provider's model and OpenAI's headers, and never stream", () => {
  const headers = [
    { name: "openai-beta", value: "p" },
    { name: "cookie", value: "c" },
  ];
  const { request } = read(Dialect.DIALECT_OPENAI_EMBEDDINGS, '{ "input":["a"], "model":"e" }', { headers });
  expect(request).toMatchObject({ endpointName: "e", streaming: false, fault: undefined });
  expect(request.isStream("text/event-stream")).toBe(false);
  const { body, ...sent } = request.relayed("m", true);
  expect(body.toString()).toBe('{ "input":["a"], "model":"m" }');
  expect(sent).toEqual({ method: "POST", path: "/embeddings", headers: [["openai-beta", "p"]], addsUsage: false });
});

test("of embeddings their model and usage are read, and what are none is refused", () => {
  const usage = '{"prompt_tokens":8,"total_tokens":8}';
  const body = `{"object":"list","data":[{"embedding":[0.1]}],"model":"m-1","usage":${usage}}`;
  expect(openAiEmbeddings.readAnswer(Buffer.from(body))).toMatchObject({
    responseModel: "m-1",
    finishReasons: [],
    usage: { inputTokens: 8n, outputTokens: undefined, totalTokens: 8n },
  });
  for (const other of ["", "<html>", "[]", "{}", '{"data":{}}', '{"data":[']) {
    expect(() => openAiEmbeddings.readAnswer(Buffer.from(other))).toThrow("not a list of embeddings");
  }
});

test.each([
  ['{"messages":[],"stream":true}', RequestType.REQUEST_TYPE_UNIFIED_CHAT, "/chat/completions", '{"model":"m",'],
  ['{"input":"a"}', RequestType.REQUEST_TYPE_UNIFIED_EMBEDDINGS, "/embeddings", '{"model":"m",'],
  ['{"model":"x","input":"a"}', RequestType.REQUEST_TYPE_UNIFIED_EMBEDDINGS, "/embeddings", '{"model":"m",'],
])("MLflow's invocation of %s is told by its body", (body, requestType, path, start) => {
  const { support, request } = read(Dialect.DIALECT_MLFLOW_INVOCATIONS, body, { endpoint: "e" });
  expect(support.requestType).toBe(requestType);
  expect(request).toMatchObject({ endpointName: "e", fault: undefined, streaming: body.includes("stream") });
  const relayed = request.relayed("m", false);
  expect(relayed.path).toBe(path);
  expect(relayed.body.toString().startsWith(start)).toBe(true);
  expect(JSON.parse(relayed.body.toString())).toEqual({ ...JSON.parse(body), model: "m" });
});

test("MLflow's invocation of something else is refused in words, and so is what is no JSON", () => {
  const { request } = read(Dialect.DIALECT_MLFLOW_INVOCATIONS, '{"prompt":"a"}', { endpoint: "e" });
  expect(request).toMatchObject({ endpointName: "e", fault: { kind: "invalid_request" } });
  expect(request.fault?.message).toMatch(/`messages`.*`input`/);
  const broken = read(Dialect.DIALECT_MLFLOW_INVOCATIONS, '{"prompt":', { endpoint: "e" });
  expect(broken.request.fault?.message).toContain("cut off");
});

test("MLflow's chat is OpenAI's under another request type", () => {
  const { support, request } = read(Dialect.DIALECT_MLFLOW_CHAT, '{"model":"e","messages":[]}');
  expect(support).toMatchObject({ requestType: RequestType.REQUEST_TYPE_UNIFIED_CHAT, format: "openai-chat" });
  expect(request).toMatchObject({ endpointName: "e", fault: undefined });
});

test.each([
  [
    "OpenAI's chat",
    {
      prompt_tokens: 10,
      completion_tokens: 7,
      total_tokens: 17,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: 2, cache_write_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 3 },
    },
    [10, 7, 17, 4, 1, 5, 2, 3],
  ],
  [
    "OpenAI's responses",
    {
      input_tokens: 10,
      output_tokens: 7,
      total_tokens: 17,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 5 },
    },
    [10, 7, 17, 4, 0, 5],
  ],
  [
    "a transcription",
    { type: "tokens", input_tokens: 9, input_token_details: { audio_tokens: 8 } },
    [9, undefined, 9, undefined, undefined, undefined, 8],
  ],
  ["DeepSeek", { prompt_tokens: 10, completion_tokens: 1, prompt_cache_hit_tokens: 6 }, [10, 1, 11, 6]],
  ["Moonshot", { prompt_tokens: 10, completion_tokens: 1, cached_tokens: 6 }, [10, 1, 11, 6]],
  [
    "a gateway in front of Anthropic",
    { prompt_tokens: 10, completion_tokens: 1, cache_creation_input_tokens: 3, prompt_tokens_details: {} },
    [10, 1, 11, undefined, 3],
  ],
])("the usage of %s is counted as OpenTelemetry counts", (_whose, usage, counts) => {
  const [input, output, total, read, written, reasoning, audioIn, audioOut] = counts.map((count) =>
    count === undefined ? undefined : BigInt(count),
  );
  expect(openAiUsageOf(usage)).toEqual({
    inputTokens: input,
    outputTokens: output,
    totalTokens: total,
    cacheReadInputTokens: read,
    cacheWriteInputTokens: written,
    reasoningOutputTokens: reasoning,
    audioInputTokens: audioIn,
    audioOutputTokens: audioOut,
  });
});
