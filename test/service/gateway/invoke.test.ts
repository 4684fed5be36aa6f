import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorWordOf } from "#lib/spans/words.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { type Ask, bodyOf, CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf, expectNamed } from "../../callers/told.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      echo: { price: { inputPerMillion: 1, outputPerMillion: 2 } },
      tools: { behaviour: { toolCall: true } },
      refuses: { behaviour: { status: 422, body: '{"error":{"message":"canary in the refusal"}}' } },
      limits: { behaviour: { status: 429, headers: { "x-ratelimit-remaining-requests": "0" } } },
      breaks: { behaviour: { status: 503 } },
      locked: { behaviour: { status: 401, body: '{"error":{"message":"canary: sk-secret"}}' } },
      "falls-back": { behaviour: { status: 500 }, fallback: {} },
      "falls-twice": { behaviour: { status: 500 }, fallback: { status: 400, body: '{"error":"last"}' } },
      unkeyed: { provider: { apiKey: "${SOME_KEY}" }, fallback: {} },
      "locked-out": { provider: { apiKey: "${SOME_KEY}" } },
      unreachable: { provider: { baseUrl: "http://127.0.0.1:1/v1" } },
      "speaks-in-streams": { behaviour: { contentType: "text/event-stream", body: "data: {}\n\n" } },
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

test("a whole answer comes byte for byte, with its summary, and its record has it", async () => {
  const ask: Ask = { model: "echo", headers: [CALLER.header], text: "hello there" };
  const told = await run.client.invoke(ask);
  expect(told.head?.status).toBe(200);
  expect(told.head?.headers).toContainEqual({ name: "content-type", value: "application/json" });
  expect(JSON.parse(told.body)).toMatchObject({ choices: [{ message: { content: "hello there" } }] });
  expectNamed(told);
  expect(told.summary).toMatchObject({
    traceId: told.metadata.get("x-twinspan-trace-id")[0],
    errorType: ErrorType.ERROR_TYPE_UNSPECIFIED,
    attempts: 1,
    usage: { inputTokens: 2n, outputTokens: 2n, totalTokens: 4n },
    cost: { inputNanoUsd: 2_000n, outputNanoUsd: 4_000n, totalNanoUsd: 6_000n },
    timeToFirstTokenNanos: undefined,
  });

  const { root, attempts, record, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(root).toMatchObject({ name: "gateway/echo", errorType: undefined, outputs: told.body, errorText: "" });
  expect(root.inputs).toBe(bodyOf(ask).toString());
  expect(root.attributes).toMatchObject({
    endpoint_name: "echo",
    "mlflow.gateway.caller": "grpc-node-js",
    "twinspan.caller.trace_id": `tr-${CALLER.traceId}`,
    "twinspan.caller.span_id": CALLER.spanId,
  });
  expect(attempts).toHaveLength(1);
  expect(attempts[0]).toMatchObject({ name: "model/scripted/echo-model", inputs: "", outputs: "" });
  expect(attempts[0]?.attributes).toMatchObject({
    "gen_ai.usage.input_tokens": 2,
    "twinspan.cost.total_nano_usd": 6_000,
    "http.response.status_code": 200,
    "gen_ai.response.finish_reasons": ["stop"],
  });
  expect(mirrorErrorTypes).toEqual(["", ""]);
  expect(record.mirror?.spans[0]?.serverUrl).toBe(run.gateway.address);
});

test("a stream comes event by event as the provider sent it, and comes to one answer in the record", async () => {
  const told = await run.client.stream({ model: "echo", stream: true, text: "one two three" });
  expect(told.error).toBeUndefined();
  expect(told.chunks.length).toBeGreaterThan(3);
  for (const chunk of told.chunks) expect(chunk.toString()).toMatch(/^data: .*\n\n$/s);
  expect(told.body.endsWith("data: [DONE]\n\n")).toBe(true);
  expect(told.body).not.toContain("usage");
  expectNamed(told);
  expect(told.summary).toMatchObject({
    errorType: ErrorType.ERROR_TYPE_UNSPECIFIED,
    usage: { inputTokens: 3n, outputTokens: 3n },
  });
  expect(told.summary?.timeToFirstTokenNanos).toBeGreaterThan(0n);

  const { root, attempts, record } = await recordOfCall(run, told);
  expect(JSON.parse(root.outputs)).toMatchObject({
    object: "chat.completion",
    choices: [{ message: { role: "assistant", content: "one two three" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3 },
  });
  expect(attempts[0]?.attributes["gen_ai.response.time_to_first_chunk"]).toBeGreaterThan(0);
  expect(record.mirror).toBeUndefined();
});

test("a caller that asks for usage gets it, and the provider the caller's own options", async () => {
  const also = { stream_options: { include_usage: true, include_obfuscation: false } };
  const told = await run.client.stream({ model: "echo", stream: true, also });
  expect(told.body).toContain('"choices":[],"usage":{"prompt_tokens":5');
  const sent = run.provider.requests.findLast(({ body }) => body.includes("include_obfuscation"));
  expect(JSON.parse(sent?.body ?? "")).toMatchObject({ model: "echo-model", ...also });
  expect(sent?.headers).toMatchObject({ authorization: "Bearer the-key" });
  expect(sent?.headers).not.toHaveProperty("traceparent");
});

test("an answer that is not a stream comes over InvokeStream as one message", async () => {
  const told = await run.client.stream({ model: "echo" });
  expect(told.chunks).toHaveLength(1);
  expect(told).toMatchObject({ head: { status: 200 }, summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED } });
});

test("tool calls are recorded as the model made them, streamed or not", async () => {
  const also = { tools: [{ type: "function", function: { name: "look_up", parameters: {} } }] };
  const streamed = await run.client.stream({ model: "tools", stream: true, also, text: "weather?" });
  const whole = await run.client.invoke({ model: "tools", also, text: "weather?" });
  for (const told of [streamed, whole]) {
    const { root, attempts } = await recordOfCall(run, told);
    const call = JSON.parse(root.outputs).choices[0].message.tool_calls[0];
    expect(call).toMatchObject({
      type: "function",
      function: { name: "look_up", arguments: '{"question":"weather?"}' },
    });
    expect(attempts[0]?.attributes["gen_ai.response.finish_reasons"]).toEqual(["tool_calls"]);
  }
});

test.each([
  ["refuses", 422, "provider_rejected"],
  ["limits", 429, "provider_rate_limited"],
  ["breaks", 503, "provider_unavailable"],
])("the provider's refusal of %s passes as it is: %i, %s", async (model, code, errorType) => {
  for (const told of [await run.client.invoke({ model }), await run.client.stream({ model, stream: true })]) {
    expect(told).toMatchObject({ error: undefined, head: { status: code }, summary: { attempts: 1 } });
    expect(errorWordOf(told.summary?.errorType ?? ErrorType.ERROR_TYPE_UNSPECIFIED)).toBe(errorType);
    expect(JSON.parse(told.body)).toHaveProperty("error");
    expectNamed(told);
    const { root, attempts } = await recordOfCall(run, told);
    expect([root.errorType, attempts[0]?.errorType]).toEqual([errorType, errorType]);
    expect(attempts[0]?.errorText).toBe(told.body);
    expect([root.errorText, root.outputs]).toEqual(["", ""]);
  }
  const limited = await run.client.invoke({ model: "limits" });
  const headers = limited.head?.headers.map(({ name }) => name) ?? [];
  expect(headers).toEqual(expect.arrayContaining(["retry-after", "x-ratelimit-remaining-requests"]));
});

test("a refusal of our own key is our failure, without the provider's words, which the full trace has", async () => {
  const told = await run.client.invoke({ model: "locked", headers: [CALLER.header] });
  expect(told.error).toMatchObject({ code: status.FAILED_PRECONDITION });
  expect(told.error?.details).toContain("providers.scripted.apiKey");
  expect(errorInfoOf(told)).toEqual({ reason: "PROVIDER_AUTH", domain: "twinspan" });
  expect(JSON.stringify([told.error?.metadata.toJSON(), told.error?.details])).not.toContain("canary");
  expectNamed(told);
  const { root, attempts, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(root.errorType).toBe("provider_auth");
  expect(attempts[0]?.errorText).toContain("canary: sk-secret");
  expect(mirrorErrorTypes).toEqual(["provider_auth", "provider_auth"]);
});

test("a fallback answers where the first model failed, and both attempts are in both twins", async () => {
  const told = await run.client.stream({ model: "falls-back", stream: true, headers: [CALLER.header] });
  expect(told).toMatchObject({
    head: { status: 200 },
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, attempts: 2 },
  });
  const { root, attempts, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(root.errorType).toBeUndefined();
  expect(attempts.map(({ name, errorType }) => [name, errorType])).toEqual([
    ["model/scripted/falls-back-model", "provider_unavailable"],
    ["model/scripted/falls-back-fallback", undefined],
  ]);
  expect(attempts.map(({ attributes }) => attributes["twinspan.attempt.reason"])).toEqual(["first", "fallback"]);
  expect(mirrorErrorTypes).toEqual(["", "provider_unavailable", ""]);
});

test("when all fail the caller gets the last refusal, and the record every attempt", async () => {
  const told = await run.client.invoke({ model: "falls-twice" });
  expect(told).toMatchObject({ head: { status: 400 }, body: '{"error":"last"}', summary: { attempts: 2 } });
  const { root, attempts } = await recordOfCall(run, told);
  expect(root.errorType).toBe("provider_rejected");
  expect(attempts.map(({ errorType }) => errorType)).toEqual(["provider_unavailable", "provider_rejected"]);
});

test("a model whose key is unset is no part of the plan", async () => {
  const told = await run.client.invoke({ model: "unkeyed" });
  expect(told).toMatchObject({ head: { status: 200 }, summary: { attempts: 1 } });
  const { attempts } = await recordOfCall(run, told);
  expect(attempts[0]).toMatchObject({ name: "model/scripted/unkeyed-fallback", errorType: undefined });
});

test("an endpoint whose every key is unset says what it needs, without an attempt", async () => {
  const told = await run.client.invoke({ model: "locked-out", headers: [CALLER.header] });
  expect(told.error).toMatchObject({ code: status.FAILED_PRECONDITION });
  expect(told.error?.details).toContain("needs SOME_KEY");
  expect(errorInfoOf(told)).toEqual({ reason: "ENDPOINT_UNAVAILABLE", domain: "twinspan" });
  const { root, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(root).toMatchObject({ errorType: "provider_auth", inputs: "" });
  expect(mirrorErrorTypes).toEqual(["provider_auth"]);
});

test("a provider that cannot be reached is UNAVAILABLE", async () => {
  const told = await run.client.stream({ model: "unreachable", stream: true });
  expect(told.error?.code).toBe(status.UNAVAILABLE);
  expect(errorInfoOf(told)).toEqual({ reason: "PROVIDER_UNAVAILABLE", domain: "twinspan" });
  expectNamed(told);
  const { attempts } = await recordOfCall(run, told);
  expect(attempts[0]).toMatchObject({ errorType: "provider_unavailable" });
  expect(attempts[0]?.errorText).toContain("ECONNREFUSED");
});

test("a stream that nobody asked for is not taken for an answer", async () => {
  const told = await run.client.invoke({ model: "speaks-in-streams" });
  expect(errorInfoOf(told)).toEqual({ reason: "PROVIDER_PROTOCOL", domain: "twinspan" });
});
