import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType, FinishReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import { type Ask, CALLER, type Told } from "../../callers/gateway-client.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { type RecordView, recordOfCall } from "../../traces/record-view.ts";

const CANARY = "canary-77c0de";
const TEXT = `one two ${CANARY}`;
const OPENAI = { kind: "openai", apiKey: "the-key" };

let run: GatewayRun;
beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      echo: { provider: OPENAI, behaviour: { usage: { cachedInput: 7 } } },
      reasons: { provider: OPENAI, behaviour: { reasoning: true } },
      tools: { provider: OPENAI, behaviour: { toolCall: true } },
      long: { provider: OPENAI, behaviour: { finish: "length" } },
      refuses: { provider: OPENAI, behaviour: { status: 422, body: `{"error":{"message":"${CANARY}"}}` } },
      fails: { provider: OPENAI, behaviour: { errorAfterChunks: 6 } },
      cut: { provider: OPENAI, behaviour: { cutAfterChunks: 6 } },
      garbage: { provider: OPENAI, behaviour: { garbage: true } },
      compatible: {},
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

function ask(dialect: Dialect, model: string, also: object, invocation: Partial<Invocation> = {}): Ask {
  const body = JSON.stringify({ ...(invocation.endpoint ? {} : { model }), ...also });
  return { model, body, invocation: { dialect, ...invocation }, headers: [CALLER.header] };
}

/** Both twins of a call: each says what it was, the payload is in the full trace once, and nothing of it in the mirror. */
async function expectTwins(told: Told, requestType: RequestType, mlflow: string): Promise<RecordView> {
  const view = await recordOfCall(run, told);
  const { record, root, attempts } = view;
  expect(root.attributes["mlflow.gateway.requestType"]).toBe(mlflow);
  expect(record.mirror?.spans.map((span) => span.requestType)).toEqual([requestType, requestType]);
  expect(record.mirror?.spans[1]?.usage).toEqual(told.summary?.usage);
  expect(record.payloads.filter(({ inputs, outputs }) => inputs.length + outputs.length > 0)).toHaveLength(1);
  expect(root.inputs).toContain(CANARY);
  expect(attempts).toHaveLength(1);
  const beside = InvocationRecord.encode({ ...record, payloads: [] }).finish();
  expect(Buffer.from(beside).toString("latin1")).not.toContain(CANARY);
  expect([...run.logged, JSON.stringify(told.metadata.toJSON())].join()).not.toContain(CANARY);
  return view;
}

const responses = (model: string, also: object = {}) =>
  ask(Dialect.DIALECT_OPENAI_RESPONSES, model, { input: TEXT, ...also });
const expectResponseTwins = (told: Told) =>
  expectTwins(told, RequestType.REQUEST_TYPE_OPENAI_RESPONSES, "passthrough/model/openai-responses");

test.each([true, false])("a response (stream: %s) comes as it is, and both twins know it", async (stream) => {
  const told = await run.client.stream(responses("echo", { stream }));
  expect(told).toMatchObject({
    error: undefined,
    summary: {
      errorType: ErrorType.ERROR_TYPE_UNSPECIFIED,
      usage: { inputTokens: 10n, cacheReadInputTokens: 7n, outputTokens: 3n },
    },
  });
  const { root, attempts, record } = await expectResponseTwins(told);
  const output = JSON.parse(root.outputs);
  expect(output).toMatchObject({ object: "response", status: "completed" });
  expect(output.output[0].content[0].text).toBe(TEXT);
  expect(attempts[0]?.attributes).toMatchObject({
    "gen_ai.response.id": output.id,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.cache_read.input_tokens": 7,
  });
  expect(root.attributes["mlflow.message.format"]).toBe("openai");
  expect(record.mirror?.spans[1]?.timeToFirstTokenNanos !== undefined).toBe(stream);
  if (stream) expect(told.chunks.at(-1)?.toString()).toMatch(/^event: response\.completed\n.*\n\n$/s);
  else expect(root.outputs).toBe(told.body);
});

test.each([
  ["tools", { tools: [{ type: "function", name: "look_up", parameters: {} }] }, FinishReason.FINISH_REASON_TOOL_CALLS],
  ["long", {}, FinishReason.FINISH_REASON_LENGTH],
  ["reasons", {}, FinishReason.FINISH_REASON_STOP],
])("a response that %s says so in both twins, streamed or not", async (model, also, reason) => {
  for (const stream of [true, false]) {
    const told = await run.client.stream(responses(model, { stream, ...also }));
    expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_UNSPECIFIED);
    const { record } = await expectResponseTwins(told);
    expect(record.mirror?.spans[1]?.finishReasons).toEqual([reason]);
    if (model === "reasons") expect(told.summary?.usage?.reasoningOutputTokens).toBeGreaterThan(0n);
  }
});

test("a response that the provider fails in its middle: its own event, and what came until then", async () => {
  const told = await run.client.stream(responses("fails", { stream: true }));
  expect(told).toMatchObject({ error: undefined, summary: { errorType: ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE } });
  expect(told.body).toMatch(/event: error\ndata: \{"type":"error"[^\n]*\}\n\n$/);
  const { root, attempts, mirrorErrorTypes } = await expectResponseTwins(told);
  expect(mirrorErrorTypes).toEqual(["provider_unavailable", "provider_unavailable"]);
  expect(attempts[0]?.errorText).not.toBe("");
  expect(JSON.parse(root.outputs)).toMatchObject({ status: "in_progress", output: [{ type: "message" }] });
});

test("a response that is cut: an event that every SDK understands, and what came until then", async () => {
  const told = await run.client.stream(responses("cut", { stream: true }));
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_PROTOCOL);
  const events = told.body.trimEnd().split("\n\n");
  expect(events).toHaveLength(7);
  expect(events.at(-1)).toMatch(/^event: error\ndata: /);
  expect(JSON.parse(events.at(-1)?.slice("event: error\ndata: ".length) ?? "")).toMatchObject({
    type: "error",
    sequence_number: 6,
    code: "provider_protocol",
    error: { code: "provider_protocol" },
  });
  const { root } = await expectResponseTwins(told);
  expect(JSON.parse(root.outputs).output[0].content[0].text).toBe("one two ");
});

test("a compaction", async () => {
  const asked = ask(Dialect.DIALECT_OPENAI_RESPONSES_COMPACT, "echo", { input: TEXT });
  const told = await run.client.invoke(asked);
  expect(told).toMatchObject({
    error: undefined,
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, usage: { inputTokens: 10n } },
  });
  expect(JSON.parse(told.body)).toMatchObject({ object: "response.compaction" });
  const name = "passthrough/model/openai-responses-compact";
  const { root } = await expectTwins(told, RequestType.REQUEST_TYPE_OPENAI_RESPONSES_COMPACT, name);
  expect(root.outputs).toBe(told.body);
});

test("a compaction that is to stream is refused in words", async () => {
  const asked = ask(Dialect.DIALECT_OPENAI_RESPONSES_COMPACT, "echo", { input: TEXT, stream: true });
  const told = await run.client.stream(asked);
  expect(told.error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining("not stream") });
  expect((await recordOfCall(run, told)).root.errorType).toBe("invalid_request");
});

test.each([
  [
    Dialect.DIALECT_OPENAI_EMBEDDINGS,
    RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS,
    "passthrough/model/openai-embeddings",
  ],
  [Dialect.DIALECT_MLFLOW_INVOCATIONS, RequestType.REQUEST_TYPE_UNIFIED_EMBEDDINGS, "unified/embeddings"],
])("embeddings in dialect %i", async (dialect, requestType, name) => {
  const told = await run.client.invoke(
    ask(dialect, "compatible", { input: [TEXT, "four"] }, { endpoint: "compatible" }),
  );
  expect(told).toMatchObject({
    error: undefined,
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, usage: { inputTokens: 4n } },
  });
  expect(JSON.parse(told.body).data).toHaveLength(2);
  const { root, attempts } = await expectTwins(told, requestType, name);
  expect(root.outputs).toBe(told.body);
  expect(attempts[0]?.attributes).toMatchObject({
    "gen_ai.operation.name": "embeddings",
    "mlflow.spanType": "EMBEDDING",
    "gen_ai.usage.input_tokens": 4,
  });
  expect(attempts[0]?.attributes).not.toHaveProperty("gen_ai.usage.output_tokens");
});

test.each([
  ["unified", Dialect.DIALECT_MLFLOW_CHAT, {}],
  ["of an invocation", Dialect.DIALECT_MLFLOW_INVOCATIONS, { endpoint: "compatible" }],
])("MLflow's chat, %s, streamed and whole", async (_what, dialect, invocation) => {
  for (const stream of [true, false]) {
    const messages = [{ role: "user", content: TEXT }];
    const told = await run.client.stream(ask(dialect, "compatible", { messages, stream }, invocation));
    expect(told).toMatchObject({
      error: undefined,
      summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, usage: { outputTokens: 3n } },
    });
    if (stream) expect(told.body).toMatch(/data: \[DONE\]\n\n$/);
    const { root } = await expectTwins(told, RequestType.REQUEST_TYPE_UNIFIED_CHAT, "unified/chat");
    expect(JSON.parse(root.outputs).choices[0]).toMatchObject({ message: { content: TEXT }, finish_reason: "stop" });
  }
});

test("MLflow's invocation of neither is refused in words", async () => {
  const invocation = { endpoint: "compatible" };
  const told = await run.client.invoke(ask(Dialect.DIALECT_MLFLOW_INVOCATIONS, "", { prompt: CANARY }, invocation));
  expect(told.error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining("`input`") });
  expect(told.error?.details).not.toContain(CANARY);
});

test.each([
  [Dialect.DIALECT_OPENAI_RESPONSES],
  [Dialect.DIALECT_OPENAI_RESPONSES_COMPACT],
  [Dialect.DIALECT_OPENAI_EMBEDDINGS],
])("in dialect %i a provider's refusal passes as it is, and garbage does not", async (dialect) => {
  const refused = await run.client.invoke(ask(dialect, "refuses", { input: TEXT }));
  expect(refused).toMatchObject({
    error: undefined,
    head: { status: 422 },
    summary: { errorType: ErrorType.ERROR_TYPE_PROVIDER_REJECTED },
  });
  expect(refused.body).toBe(`{"error":{"message":"${CANARY}"}}`);
  const garbage = await run.client.invoke(ask(dialect, "garbage", { input: TEXT }));
  expect(garbage.error).toMatchObject({ code: status.UNAVAILABLE });
  expect((await recordOfCall(run, garbage)).root.errorType).toBe("provider_protocol");
});
