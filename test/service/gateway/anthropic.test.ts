import { afterAll, beforeAll, expect, test } from "vitest";
import { errorWordOf } from "#lib/spans/words.ts";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { twinRecordOf } from "../../traces/twin-records.ts";

const CANARY = "canary-8d2f60";
const WORDS = `one two three four ${CANARY}`;
const CUTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/** Odd, but a message all the same. */
const BODY = `{ "type":"message","content" : [{"type":"text","text":"${CANARY} 1e400 \\u00e9"}],"big":12345678901234567890}\n`;

let run: GatewayRun;

beforeAll(async () => {
  const provider = (baseUrl: string) => ({
    kind: "anthropic",
    baseUrl: baseUrl.replace("/v1", "/anthropic/v1"),
    apiKey: "the-key",
  });
  const behaviours = {
    echo: {},
    cached: { usage: { cachedInput: 7, cacheWriteInput: 11 } },
    reasons: { reasoning: `hm ${CANARY}` },
    tools: { toolCall: true },
    "ends-long": { finish: "length" },
    refuses: { status: 422 },
    overloaded: { status: 529 },
    locked: { status: 401 },
    "fails-midway": { errorAfterChunks: 5 },
    stalls: { stallAfterChunks: 6 },
    verbatim: { body: BODY },
    ...Object.fromEntries(CUTS.map((at) => [`cut-${at}`, { cutAfterChunks: at }])),
  } as const;
  run = await startGatewayRun({
    endpoints: Object.fromEntries(
      Object.entries(behaviours).map(([name, behaviour]) => [name, { behaviour, provider }]),
    ),
  });
});
afterAll(() => run[Symbol.asyncDispose]());

const bodyOf = (model: string, also: object = {}) =>
  `{ "messages":[{"role":"user","content":${JSON.stringify(WORDS)}}],\n"model" : ${JSON.stringify(model)}, "max_tokens":1024${Object.entries(
    also,
  )
    .map(([key, value]) => `,"${key}":${JSON.stringify(value)}`)
    .join("")} }`;

const askOf = (model: string, also: object = {}, invocation: Partial<Invocation> = {}) => ({
  model,
  body: bodyOf(model, also),
  headers: [CALLER.header],
  invocation: { dialect: Dialect.DIALECT_ANTHROPIC_MESSAGES, ...invocation },
});
const ask = (...asked: Parameters<typeof askOf>) => run.client.stream(askOf(...asked));
const sentTo = (model: string) => run.provider.requests.findLast(({ body }) => body.includes(`"${model}-model"`));

test("a message goes to the provider and back byte for byte, but for the model's name", async () => {
  const headers = [
    { name: "anthropic-beta", value: "a-2025" },
    { name: "openai-beta", value: "x" },
  ];
  const credentials = [{ name: "x-api-key", value: "the-callers" }];
  const told = await run.client.invoke(askOf("verbatim", { big: 1 }, { headers, credentials }));
  expect(told).toMatchObject({ head: { status: 200 }, body: BODY });
  const sent = sentTo("verbatim");
  expect(sent?.body).toBe(bodyOf("verbatim", { big: 1 }).replace('"verbatim"', '"verbatim-model"'));
  expect(sent?.path).toBe("/anthropic/v1/messages");
  expect(sent?.headers).toMatchObject({
    "x-api-key": "the-key",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "a-2025",
  });
  expect(sent?.headers).not.toHaveProperty("openai-beta");
  const { root } = await twinRecordOf(run, told, CANARY);
  expect([root.inputs, root.outputs]).toEqual([bodyOf("verbatim", { big: 1 }), BODY]);
});

test("a whole message has its usage and its reason in both twins, cached tokens counted as input", async () => {
  const told = await run.client.invoke(askOf("cached"));
  const { root, attempts, requestType, usage, finishReasons } = await twinRecordOf(run, told, CANARY);
  expect(requestType).toBe("passthrough/model/anthropic-messages");
  expect(root.attributes["mlflow.message.format"]).toBe("anthropic");
  expect(finishReasons).toEqual(["stop"]);
  const { input_tokens: uncached } = JSON.parse(told.body).usage;
  expect(usage).toMatchObject({
    inputTokens: BigInt(uncached) + 18n,
    outputTokens: 5n,
    totalTokens: BigInt(uncached) + 23n,
    cacheReadInputTokens: 7n,
    cacheWriteInputTokens: 11n,
  });
  expect(attempts[0]?.attributes).toMatchObject({
    "gen_ai.response.id": JSON.parse(told.body).id,
    "gen_ai.response.model": "cached-model",
    "gen_ai.operation.name": "chat",
  });
});

test("a stream comes event by event as the provider sent it, and comes to one message in the record", async () => {
  const told = await ask("cached", { stream: true });
  expect(told.error).toBeUndefined();
  expect(told.chunks.length).toBeGreaterThan(5);
  for (const chunk of told.chunks) expect(chunk.toString()).toMatch(/^event: .*\n\n$/s);
  expect(told.body).toMatch(/^event: message_start\n/);
  expect(told.body).toContain("event: ping\n");
  expect(told.chunks.at(-1)?.toString()).toBe('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  expect(told.summary?.timeToFirstTokenNanos).toBeGreaterThan(0n);
  const { root, usage, finishReasons, attempts } = await twinRecordOf(run, told, CANARY);
  const whole = JSON.parse((await run.client.invoke(askOf("cached"))).body);
  expect(JSON.parse(root.outputs)).toEqual({ ...whole, id: expect.stringMatching(/^msg_/) });
  expect(usage).toMatchObject({ outputTokens: 5n, cacheReadInputTokens: 7n, cacheWriteInputTokens: 11n });
  expect(finishReasons).toEqual(["stop"]);
  expect(attempts[0]?.attributes["gen_ai.response.time_to_first_chunk"]).toBeGreaterThan(0);
});

test("thinking and calls of tools are recorded as the model made them, streamed or not", async () => {
  const tools = [{ name: "look_up", input_schema: { type: "object", properties: { q: { type: "string" } } } }];
  for (const stream of [true, false]) {
    const called = await twinRecordOf(run, await ask("tools", { stream, tools }), CANARY);
    expect(called.finishReasons).toEqual(["tool_calls"]);
    const call = JSON.parse(called.root.outputs).content.find(({ type }: { type: string }) => type === "tool_use");
    expect(call).toMatchObject({ name: "look_up", input: { q: expect.any(String) } });

    const thought = await twinRecordOf(run, await ask("reasons", { stream }), CANARY);
    const [first, second] = JSON.parse(thought.root.outputs).content;
    expect(first).toMatchObject({ type: "thinking", thinking: `hm ${CANARY}`, signature: expect.any(String) });
    expect(second).toMatchObject({ type: "text", text: WORDS });
    expect(thought.usage).toMatchObject({ outputTokens: 7n, reasoningOutputTokens: 2n });
  }
  const long = await twinRecordOf(run, await ask("ends-long"), CANARY);
  expect(long.finishReasons).toEqual(["length"]);
});

test("a count of tokens is answered, and nothing is billed for it", async () => {
  const told = await run.client.invoke(askOf("echo", {}, { dialect: Dialect.DIALECT_ANTHROPIC_COUNT_TOKENS }));
  expect(JSON.parse(told.body)).toEqual({ input_tokens: expect.any(Number) });
  expect(sentTo("echo")?.path).toBe("/anthropic/v1/messages/count_tokens");
  const { root, attempts, requestType, usage, finishReasons } = await twinRecordOf(run, told, CANARY);
  expect({ requestType, usage, finishReasons }).toEqual({
    requestType: "passthrough/model/anthropic-count-tokens",
    usage: undefined,
    finishReasons: [],
  });
  expect(root.outputs).toBe(told.body);
  expect(attempts[0]?.attributes["gen_ai.operation.name"]).toBe("count_tokens");
});

test.each([
  ["refuses", 422, "provider_rejected"],
  ["overloaded", 529, "provider_unavailable"],
])("the provider's refusal of %s passes as it is: %i, %s", async (model, status, errorType) => {
  for (const stream of [true, false]) {
    const told = await ask(model, { stream });
    expect(told).toMatchObject({ head: { status } });
    expect(errorWordOf(told.summary?.errorType ?? ErrorType.ERROR_TYPE_UNSPECIFIED)).toBe(errorType);
    expect(JSON.parse(told.body)).toMatchObject({ type: "error", error: { type: expect.any(String) } });
    const { attempts } = await twinRecordOf(run, told, CANARY);
    expect(attempts[0]?.errorText).toBe(told.body);
  }
});

test.each(CUTS)(
  "cut by the provider after %i chunks: what came is told and recorded, with the usage so far",
  async (at) => {
    const told = await ask(`cut-${at}`, { stream: true });
    const { root, usage } = await twinRecordOf(run, told, CANARY);
    expect(root.errorType).toBe("provider_protocol");
    if (at === 0) {
      expect(told.error).toBeDefined();
      expect(root.outputs).toBe("");
      return;
    }
    expect(told.error).toBeUndefined();
    expect(told.body.match(/^event: (?!error)/gm)).toHaveLength(at);
    expect(told.body).toMatch(/\n\nevent: error\ndata: \{"type":"error","error":\{"type":"api_error",[^\n]*\}\}\n\n$/);
    const { content } = JSON.parse(root.outputs);
    const said = content.map(({ text }: { text: string }) => text).join("");
    // The first three tell of the message, the block, and that the line is open.
    expect(said).toBe(
      WORDS.split(/(?<= )/)
        .slice(0, Math.max(0, at - 3))
        .join(""),
    );
    expect(usage?.inputTokens).toBeGreaterThan(0n);
    expect(usage?.outputTokens).toBeGreaterThanOrEqual(1n);
  },
);

test("the provider's own error event passes as it came, and ends the stream", async () => {
  const told = await ask("fails-midway", { stream: true });
  expect(told.body).toMatch(/\n\nevent: error\ndata: \{"type":"error","error":\{"type":"overloaded_error".*\}\}\n\n$/);
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE);
  const { attempts } = await twinRecordOf(run, told, CANARY);
  expect(attempts[0]?.errorText).toContain("Overloaded");
});

test("a caller that hangs up leaves both twins, cancelled, with the usage so far", async () => {
  const told = await run.client.stream({ ...askOf("stalls", { stream: true }), hangUpAfter: 5 });
  const { root, usage } = await twinRecordOf(run, told, CANARY);
  expect(root.errorType).toBe("cancelled");
  expect(usage?.inputTokens).toBeGreaterThan(0n);
});

test("a refusal of our own key is our failure, without the provider's words", async () => {
  const told = await ask("locked", { stream: true });
  expect(told.error?.details).toContain("providers.locked.apiKey");
  expect((await twinRecordOf(run, told, CANARY)).root.errorType).toBe("provider_auth");
});
