import { afterAll, beforeAll, expect, test } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { GatewayRun } from "../../system/start-gateway.ts";
import { twinRecordOf } from "../../traces/twin-records.ts";
import {
  ARRAY,
  askOf,
  BODY,
  CANARY,
  CONTENTS,
  chunksOf,
  FORMS,
  generate,
  PLAIN,
  startGeminiRun,
  streamOf,
  WORDS,
} from "./gemini-run.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGeminiRun();
});
afterAll(() => run[Symbol.asyncDispose]());

const lastSent = () => run.provider.requests.at(-1);

test("a request goes to the provider and back byte for byte, and the model's name into its path", async () => {
  const told = await run.client.invoke(
    askOf(Dialect.DIALECT_GEMINI_GENERATE_CONTENT, "verbatim", PLAIN, "key=the-callers&prettyPrint=false"),
  );
  expect(told).toMatchObject({ head: { status: 200 }, body: BODY });
  expect(lastSent()).toMatchObject({
    path: "/gemini/v1beta/models/verbatim-model:generateContent?prettyPrint=false",
    body: PLAIN,
    headers: { "x-goog-api-key": "the-key" },
  });
  const { root } = await twinRecordOf(run, told, CANARY);
  expect([root.inputs, root.outputs]).toEqual([PLAIN, BODY]);
});

test("a whole answer has its usage in both twins: cached, audio and thoughts among the rest", async () => {
  const told = await generate(run, "counted");
  const { root, attempts, requestType, usage, finishReasons } = await twinRecordOf(run, told, CANARY);
  expect({ requestType, finishReasons }).toEqual({
    requestType: "passthrough/model/gemini-generate-content",
    finishReasons: ["stop"],
  });
  expect(root.attributes["mlflow.message.format"]).toBe("gemini");
  const { promptTokenCount, totalTokenCount } = JSON.parse(told.body).usageMetadata;
  expect(usage).toMatchObject({
    inputTokens: BigInt(promptTokenCount),
    outputTokens: 9n,
    totalTokens: BigInt(totalTokenCount),
    cacheReadInputTokens: 7n,
    reasoningOutputTokens: 2n,
    audioInputTokens: 3n,
    audioOutputTokens: 2n,
  });
  expect(attempts[0]?.attributes).toMatchObject({
    "gen_ai.response.id": JSON.parse(told.body).responseId,
    "gen_ai.response.model": "counted-model",
    "gen_ai.operation.name": "generate_content",
  });
});

test.each(FORMS)("a stream of %s comes chunk by chunk, and comes to one answer in the record", async (form, query) => {
  const told = await streamOf(run, "counted", query);
  expect(told.error).toBeUndefined();
  expect(told.chunks.length).toBeGreaterThan(5);
  const contentType = told.head?.headers.find(({ name }) => name === "content-type")?.value;
  expect(contentType).toBe(form === "events" ? "text/event-stream; charset=utf-8" : "application/json; charset=UTF-8");
  expect(lastSent()?.path).toBe(
    `/gemini/v1beta/models/counted-model:streamGenerateContent${query === "" ? "" : `?${query}`}`,
  );
  const chunks = chunksOf(told);
  expect(chunks).toHaveLength(8);
  expect(told.summary?.timeToFirstTokenNanos).toBeGreaterThan(0n);
  const { root, requestType, usage, finishReasons } = await twinRecordOf(run, told, CANARY);
  const whole = JSON.parse((await generate(run, "counted")).body);
  expect(JSON.parse(root.outputs)).toEqual({ ...whole, responseId: expect.any(String) });
  expect({ requestType, finishReasons }).toEqual({
    requestType: "passthrough/model/gemini-generate-content",
    finishReasons: ["stop"],
  });
  expect(usage).toMatchObject({ outputTokens: 9n, reasoningOutputTokens: 2n, cacheReadInputTokens: 7n });
});

test("an array goes through byte for byte, and its end comes last", async () => {
  const told = await streamOf(run, "verbatim-array", "");
  expect(told).toMatchObject({
    error: undefined,
    body: ARRAY,
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED },
  });
  expect(told.chunks.at(-1)?.toString()).toBe("\n\t]\n\n");
  const { root } = await twinRecordOf(run, told, CANARY);
  expect(JSON.parse(root.outputs).candidates[0].content.parts).toEqual([{ text: `${CANARY} é${CANARY} é` }]);
});

test("calls of tools are seen where Gemini only says STOP, streamed or not, and filters where they bite", async () => {
  const tools = [{ functionDeclarations: [{ name: "look_up", parameters: { type: "OBJECT", properties: {} } }] }];
  const body = JSON.stringify({ contents: CONTENTS, tools });
  for (const told of [
    await generate(run, "tools", body),
    await streamOf(run, "tools", "alt=sse", body),
    await streamOf(run, "tools", "", body),
  ]) {
    const { root, finishReasons } = await twinRecordOf(run, told, CANARY);
    expect(finishReasons).toEqual(["tool_calls"]);
    const [candidate] = JSON.parse(root.outputs).candidates;
    expect(candidate.content.parts[0]).toMatchObject({
      functionCall: { name: "look_up" },
      thoughtSignature: expect.any(String),
    });
  }
  expect((await twinRecordOf(run, await generate(run, "filtered"), CANARY)).finishReasons).toEqual(["content_filter"]);
});

test("an embedding, and a batch of them, are asked of the provider's model by every name that they say", async () => {
  const request = `{"model":"models/echo", "content":{"parts":[{"text":${JSON.stringify(WORDS)}}]}}`;
  const one = await run.client.invoke(askOf(Dialect.DIALECT_GEMINI_EMBED_CONTENT, "echo", request));
  expect(JSON.parse(one.body)).toMatchObject({ embedding: { values: expect.any(Array) } });
  expect(lastSent()).toMatchObject({
    path: "/gemini/v1beta/models/echo-model:embedContent",
    body: request.replace("models/echo", "models/echo-model"),
  });
  const requests = `{ "requests":[${request} ,\n${request}] }`;
  const batch = await run.client.invoke(askOf(Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, "echo", requests));
  expect(JSON.parse(batch.body).embeddings).toHaveLength(2);
  expect(lastSent()).toMatchObject({
    path: "/gemini/v1beta/models/echo-model:batchEmbedContents",
    body: requests.replaceAll("models/echo", "models/echo-model"),
  });
  for (const told of [one, batch]) {
    const { root, attempts, requestType, usage } = await twinRecordOf(run, told, CANARY);
    expect(requestType).toBe("passthrough/model/gemini-embed-content");
    expect(attempts[0]?.attributes).toMatchObject({ "gen_ai.operation.name": "embeddings" });
    expect(root.outputs).toBe(told.body);
    const { promptTokenCount } = JSON.parse(told.body).usageMetadata;
    expect(usage).toMatchObject({ inputTokens: BigInt(promptTokenCount) });
  }
});

test("a count of tokens is answered, and nothing is billed for it", async () => {
  const body = `{"generateContentRequest":{"model":"models/echo","contents":${JSON.stringify(CONTENTS)}}}`;
  const told = await run.client.invoke(askOf(Dialect.DIALECT_GEMINI_COUNT_TOKENS, "echo", body));
  expect(JSON.parse(told.body)).toMatchObject({ totalTokens: expect.any(Number) });
  expect(lastSent()).toMatchObject({
    path: "/gemini/v1beta/models/echo-model:countTokens",
    body: body.replace("models/echo", "models/echo-model"),
  });
  const { requestType, usage } = await twinRecordOf(run, told, CANARY);
  expect({ requestType, usage }).toEqual({ requestType: "passthrough/model/gemini-count-tokens", usage: undefined });
});
