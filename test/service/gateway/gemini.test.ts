import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorWordOf } from "#lib/spans/words.ts";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER, type Told } from "../../callers/gateway-client.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { twinRecordOf } from "../../traces/twin-records.ts";

const CANARY = "canary-c51a37";
const WORDS = `one two three four ${CANARY}`;
const CUTS = [0, 1, 2, 3, 4, 5];
const FORMS = [
  ["events", "alt=sse"],
  ["an array", ""],
] as const;
/** Odd, but generated content all the same. */
const BODY = `{ "candidates" : [{"content":{"parts":[{"text":"${CANARY} \\u00e9"}]},"big":12345678901234567890}]}\n`;
/** The same as an array that grows, with all that JSON allows between its elements. */
const ARRAY = `\n[ ${BODY} ,\r\n\n${BODY}\t]\n\n`;
/** What Google says of a key that it does not know: 400, not 401. */
const BAD_KEY = `{"error": {"code": 400, "message": "API key not valid. ${CANARY}", "status": "INVALID_ARGUMENT", "details": [
  {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]}}`;

let run: GatewayRun;

beforeAll(async () => {
  const provider = (baseUrl: string) => ({
    kind: "gemini",
    baseUrl: baseUrl.replace("/v1", "/gemini/v1beta"),
    apiKey: "the-key",
  });
  const behaviours = {
    echo: {},
    counted: { usage: { cachedInput: 7, audioInput: 3, audioOutput: 2 }, reasoning: `hm ${CANARY}` },
    tools: { toolCall: true },
    filtered: { finish: "content-filter" },
    refuses: { status: 400 },
    limits: { status: 429 },
    "unknown-key": { status: 400, body: BAD_KEY },
    "fails-midway": { errorAfterChunks: 2 },
    "fails-at-once": { errorAfterChunks: 0 },
    stalls: { stallAfterChunks: 3 },
    verbatim: { body: BODY },
    "verbatim-array": { body: ARRAY, contentType: "application/json; charset=UTF-8" },
    ...Object.fromEntries(CUTS.map((at) => [`cut-${at}`, { cutAfterChunks: at }])),
    ...Object.fromEntries(CUTS.map((at) => [`half-${at}`, { cutAfterChunks: at, halfChunk: true }])),
  } as const;
  run = await startGatewayRun({
    endpoints: Object.fromEntries(
      Object.entries(behaviours).map(([name, behaviour]) => [name, { behaviour, provider }]),
    ),
  });
});
afterAll(() => run[Symbol.asyncDispose]());

const CONTENTS = [{ role: "user", parts: [{ text: WORDS }] }];
const PLAIN = `{ "contents": ${JSON.stringify(CONTENTS)}\n}`;

const askOf = (dialect: Dialect, endpoint: string, body: string, query = "") => ({
  model: endpoint,
  body,
  headers: [CALLER.header],
  invocation: { dialect, endpoint, target: { method: "", path: "", query } },
});
const generate = (endpoint: string, body = PLAIN) =>
  run.client.invoke(askOf(Dialect.DIALECT_GEMINI_GENERATE_CONTENT, endpoint, body));
const streamOf = (endpoint: string, query: string, body = PLAIN) =>
  run.client.stream(askOf(Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT, endpoint, body, query));
const lastSent = () => run.provider.requests.at(-1);

/** The chunks of a stream of either form. Throws where it is not whole. */
function chunksOf({ body }: Told) {
  if (!body.startsWith("data:")) return JSON.parse(body);
  return body
    .split("\r\n\r\n")
    .flatMap((event) => event.split("\n\n"))
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.slice("data: ".length)));
}

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
  const told = await generate("counted");
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
  const told = await streamOf("counted", query);
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
  const whole = JSON.parse((await generate("counted")).body);
  expect(JSON.parse(root.outputs)).toEqual({ ...whole, responseId: expect.any(String) });
  expect({ requestType, finishReasons }).toEqual({
    requestType: "passthrough/model/gemini-generate-content",
    finishReasons: ["stop"],
  });
  expect(usage).toMatchObject({ outputTokens: 9n, reasoningOutputTokens: 2n, cacheReadInputTokens: 7n });
});

test("an array goes through byte for byte, and its end comes last", async () => {
  const told = await streamOf("verbatim-array", "");
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
    await generate("tools", body),
    await streamOf("tools", "alt=sse", body),
    await streamOf("tools", "", body),
  ]) {
    const { root, finishReasons } = await twinRecordOf(run, told, CANARY);
    expect(finishReasons).toEqual(["tool_calls"]);
    const [candidate] = JSON.parse(root.outputs).candidates;
    expect(candidate.content.parts[0]).toMatchObject({
      functionCall: { name: "look_up" },
      thoughtSignature: expect.any(String),
    });
  }
  expect((await twinRecordOf(run, await generate("filtered"), CANARY)).finishReasons).toEqual(["content_filter"]);
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

test.each([
  ["refuses", 400, "provider_rejected"],
  ["limits", 429, "provider_rate_limited"],
])("the provider's refusal of %s passes as it is: %i, %s", async (endpoint, code, errorType) => {
  for (const told of [await generate(endpoint), await streamOf(endpoint, ""), await streamOf(endpoint, "alt=sse")]) {
    expect(told).toMatchObject({ head: { status: code } });
    expect(errorWordOf(told.summary?.errorType ?? ErrorType.ERROR_TYPE_UNSPECIFIED)).toBe(errorType);
    expect(JSON.parse(told.body)).toMatchObject({ error: { code } });
    const { attempts } = await twinRecordOf(run, told, CANARY);
    expect(attempts[0]?.errorText).toBe(told.body);
  }
});

const CUT_FORMS = FORMS.flatMap(([form, query]) =>
  CUTS.flatMap((at) => [`cut-${at}`, `half-${at}`].map((endpoint) => [form, endpoint, at, query] as const)),
);

test.each(CUT_FORMS)(
  "a stream of %s that is %s: what came is told and recorded",
  async (_form, endpoint, at, query) => {
    const told = await streamOf(endpoint, query);
    const { root, usage } = await twinRecordOf(run, told, CANARY);
    expect(root.errorType).toBe("provider_protocol");
    if (at === 0) {
      expect(told.error?.code).toBe(status.UNAVAILABLE);
      return;
    }
    // What the caller has is whole, with the failure as its last.
    const chunks = chunksOf(told);
    expect(chunks).toHaveLength(at + 1);
    expect(chunks.at(-1)).toEqual({ error: { code: 502, message: expect.any(String), status: "UNAVAILABLE" } });
    const [candidate] = JSON.parse(root.outputs).candidates;
    expect(candidate.content.parts).toEqual([
      {
        text: WORDS.split(/(?<= )/)
          .slice(0, at)
          .join(""),
      },
    ]);
    expect(usage?.inputTokens).toBeGreaterThan(0n);
    expect(usage?.outputTokens).toBeGreaterThanOrEqual(BigInt(at));
  },
);

test.each(FORMS)("the provider's own error in a stream of %s passes as it came, and ends it", async (_form, query) => {
  const told = await streamOf("fails-midway", query);
  const chunks = chunksOf(told);
  expect(chunks).toHaveLength(3);
  expect(chunks[2]).toMatchObject({ error: { code: 503, status: "UNAVAILABLE" } });
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE);
  const { attempts } = await twinRecordOf(run, told, CANARY);
  expect(attempts[0]?.errorText).toContain("overloaded");
  const atOnce = await streamOf("fails-at-once", query);
  expect(atOnce.error?.code).toBe(status.UNAVAILABLE);
});

test.each(FORMS)("a caller that hangs up on a stream of %s leaves both twins, cancelled", async (_form, query) => {
  const told = await run.client.stream({
    ...askOf(Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT, "stalls", PLAIN, query),
    hangUpAfter: 2,
  });
  const { root, usage } = await twinRecordOf(run, told, CANARY);
  expect(root.errorType).toBe("cancelled");
  expect(usage?.inputTokens).toBeGreaterThan(0n);
});

test("a request that names no endpoint is refused, and one that is not Gemini's with the field at fault", async () => {
  const nameless = await generate("");
  expect(nameless.error).toMatchObject({ code: status.INVALID_ARGUMENT });
  expect(nameless.error?.details).toContain("models/{endpoint}");
  const broken = await run.client.invoke(
    askOf(Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, "echo", '{"requests":[7]}'),
  );
  expect(broken.error?.details).toContain("`requests[0]`");
});

test("a key of ours that Google does not know concerns the operator, however its caller speaks", async () => {
  const relayed = await generate("unknown-key");
  const translated = await run.client.invoke({ model: "unknown-key", headers: [CALLER.header] });
  for (const told of [relayed, translated]) {
    expect(errorInfoOf(told).reason).toBe("PROVIDER_AUTH");
    expect(JSON.stringify(told.error)).not.toContain(CANARY);
  }
});
