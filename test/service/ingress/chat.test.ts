import { afterAll, beforeAll, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { until } from "../../../tools/until.ts";
import {
  answerPlainly,
  beginStream,
  completion,
  event,
  fail,
  piece,
  SUMMARY,
  TRACE_NAME,
  TRACE_RESPONSE,
  traceMetadata,
} from "./chat-answers.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun({ requestBytesMax: 64 * 1024, callMs: 2000 });
});
afterAll(() => run[Symbol.asyncDispose]());

function chat(body: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${run.ingress.url}/v1/chat/completions`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
    ...(signal === undefined ? {} : { signal }),
  });
}

function cancelledCalls(): Promise<number> {
  return run.metric('twinspan_ingress_requests_cancelled_total{route="/v1/chat/completions"}');
}

test("a plain answer goes out byte for byte, with its trace and its times", async () => {
  const body = ' {"model":"demo", "messages":[], "odd":\u00ff1}';
  run.gateway.script = (call) =>
    answerPlainly(call, completion("hi"), 200, [
      ["openai-processing-ms", "9"],
      ["x-ratelimit-limit-requests", "5"],
      ["set-cookie", "a=b"],
      ["transfer-encoding", "gzip"],
    ]);
  const response = await chat(body, { "x-request-id": "mine-1" });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(completion("hi"));
  expect(run.gateway.calls.at(-1)?.body.toString()).toBe(body);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/json",
    "content-length": `${completion("hi").length}`,
    "openai-processing-ms": "9",
    "x-ratelimit-limit-requests": "5",
    "x-request-id": "mine-1",
    "x-twinspan-trace-id": TRACE_NAME,
    traceresponse: TRACE_RESPONSE,
    "server-timing": `traceparent;desc="${TRACE_RESPONSE}", gateway;dur=12.500, provider;dur=10.000`,
    "x-mlflow-gateway-duration-ms": "12.500",
    "x-mlflow-gateway-overhead-duration-ms": "2.500",
  });
  expect(response.headers.has("set-cookie")).toBe(false);
  expect(response.headers.has("transfer-encoding")).toBe(false);
});

test("a provider's error passes with its status and its body", async () => {
  run.gateway.script = (call) => answerPlainly(call, '{"error":{"message":"slow down"}}', 429, [["retry-after", "7"]]);
  const response = await chat("{}");
  expect(response.status).toBe(429);
  expect(response.headers.get("retry-after")).toBe("7");
  expect(await response.text()).toBe('{"error":{"message":"slow down"}}');
});

test("a stream goes out as it comes", async () => {
  const released = Promise.withResolvers<void>();
  run.gateway.script = (call) => {
    beginStream(call, event("one"));
    void released.promise.then(() => {
      call.stream.write(piece(event("two")));
      call.stream.write(piece("data: [DONE]\n\n", SUMMARY));
      call.stream.end(traceMetadata());
    });
  };
  const response = await chat("{}");
  expect(response.headers.get("server-timing")).toBe(`traceparent;desc="${TRACE_RESPONSE}"`);
  expect(response.headers.get("x-twinspan-trace-id")).toBe(TRACE_NAME);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = (response.body ?? new ReadableStream()).getReader();
  expect(Buffer.from((await reader.read()).value).toString()).toBe(event("one"));
  released.resolve();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) rest += Buffer.from(part.value);
  expect(rest).toBe(`${event("two")}data: [DONE]\n\n`);
});

test("the head of a stream goes out before its first byte", async () => {
  run.gateway.script = (call) => beginStream(call, "");
  const response = await chat("{}");
  expect(response.status).toBe(200);
  const cut = await cancelledCalls();
  await response.body?.cancel();
  await until("the cancelled call is counted", async () => (await cancelledCalls()) === cut + 1);
});

test("a client that hangs up cancels the call at once, and is counted", async () => {
  const cancelled = Promise.withResolvers<void>();
  run.gateway.script = (call) => {
    call.stream.on("cancelled", () => cancelled.resolve());
    beginStream(call, event("one"));
  };
  const before = await cancelledCalls();
  const abort = new AbortController();
  const response = await chat("{}", {}, abort.signal);
  expect(response.status).toBe(200);
  const hungUpAt = Date.now();
  abort.abort();
  await cancelled.promise;
  expect(Date.now() - hungUpAt).toBeLessThan(500);
  await until("the cancelled call is counted", async () => (await cancelledCalls()) === before + 1);
});

test("a client that hangs up before the head cancels the call", async () => {
  const cancelled = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  run.gateway.script = (call) => {
    call.stream.on("cancelled", () => cancelled.resolve());
    arrived.resolve();
  };
  const abort = new AbortController();
  const response = chat("{}", {}, abort.signal);
  await arrived.promise;
  const hungUpAt = Date.now();
  abort.abort();
  await expect(response).rejects.toThrow();
  await cancelled.promise;
  expect(Date.now() - hungUpAt).toBeLessThan(500);
});

test.each([
  ["invalid_request", 400, "invalid_request_error", "invalid_request"],
  ["unauthenticated", 401, "authentication_error", "invalid_api_key"],
  ["permission_denied", 403, "permission_error", "permission_denied"],
  ["not_found", 404, "invalid_request_error", "model_not_found"],
  ["rate_limited", 429, "rate_limit_error", "rate_limit_exceeded"],
  ["budget_exceeded", 429, "insufficient_quota", "insufficient_quota"],
  ["overloaded", 503, "server_error", "overloaded"],
  ["endpoint_unavailable", 503, "server_error", "endpoint_unavailable"],
  ["provider_auth", 502, "server_error", "provider_auth"],
  ["provider_timeout", 504, "server_error", "provider_timeout"],
  ["internal", 500, "server_error", "internal"],
] as const)("a %s of the gateway is an OpenAI error object with status %i", async (kind, status, type, code) => {
  const trailers = traceMetadata();
  trailers.set("x-mlflow-gateway-duration-ms", "3.100");
  trailers.set("x-mlflow-gateway-overhead-duration-ms", "0.100");
  run.gateway.script = (call) =>
    fail(call, new ServiceError(kind, "What, where, what to do.", { field: "model", retryAfterMs: 1500 }), trailers);
  const response = await chat("{}");
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: { message: "What, where, what to do.", type, param: "model", code } });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "retry-after": "2",
    "x-twinspan-trace-id": TRACE_NAME,
    traceresponse: TRACE_RESPONSE,
    "server-timing": `traceparent;desc="${TRACE_RESPONSE}"`,
    "x-mlflow-gateway-duration-ms": "3.100",
    "x-mlflow-gateway-overhead-duration-ms": "0.100",
  });
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("a call that fails in the middle of a stream ends with an error event and a broken connection", async () => {
  run.gateway.script = (call) => {
    beginStream(call, event("one"));
    call.stream.write(piece(event("two")), () => fail(call, new ServiceError("unavailable", "Gone.")));
  };
  const response = await chat("{}");
  const decoder = new TextDecoder();
  let text = "";
  await expect(
    (async () => {
      for await (const part of response.body ?? []) text += decoder.decode(part);
    })(),
  ).rejects.toThrow();
  expect(text.startsWith(event("one"))).toBe(true);
  expect(text).toContain(
    'data: {"error":{"message":"Gone.","type":"server_error","param":null,"code":"unavailable"}}\n\n',
  );
});

test("a call that does not end by its deadline is 504", async () => {
  run.gateway.script = () => {};
  const response = await chat("{}");
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ error: { code: "deadline_exceeded" } });
});

test.each([0, 100, 999])("a gateway that answers with status %i is answered for with 500", async (status) => {
  run.gateway.script = (call) => answerPlainly(call, "{}", status);
  expect((await chat("{}")).status).toBe(500);
});

test("what a gateway sends after its answer's end is passed over", async () => {
  run.gateway.script = ({ stream }) => {
    const head = { status: 200, headers: [] };
    stream.write({ head, chunk: Buffer.from("whole"), summary: SUMMARY });
    for (let more = 0; more < 20; more += 1) stream.write(piece("more", SUMMARY));
    stream.end();
  };
  expect(await (await chat("{}")).text()).toBe("whole");
  run.gateway.script = ({ stream }) => {
    for (let more = 0; more < 20; more += 1) stream.write(piece("no head"));
    stream.end();
  };
  expect((await chat("{}")).status).toBe(500);
  expect((await fetch(`${run.ingress.url}/healthz`)).status).toBe(200);
});

test("a gateway that ends without an answer is answered for with 500", async () => {
  run.gateway.script = ({ stream }) => stream.end();
  expect((await chat("{}")).status).toBe(500);
});

test.each([
  ["a body over the limit", "x".repeat(65 * 1024), {}, 413, "request_too_large"],
  ["an empty body", "", {}, 400, "invalid_request"],
  ["another content-type", "{}", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
  ["a content-type that is none", "{}", { "content-type": "///" }, 415, "unsupported_media_type"],
  ["a compressed body", "{}", { "content-encoding": "gzip" }, 415, "unsupported_media_type"],
] as const)("%s is refused, and the gateway is not called", async (_what, body, headers, status, code) => {
  const before = run.gateway.calls.length;
  const response = await chat(body, headers);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", code } });
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(run.gateway.calls.length).toBe(before);
});

test("a body over the limit without a length is refused too", async () => {
  const body = ReadableStream.from([Buffer.alloc(40_000, 120), Buffer.alloc(40_000, 120)]);
  const init = { method: "POST", body, duplex: "half", headers: { "content-type": "application/json" } } as const;
  const response = await fetch(`${run.ingress.url}/v1/chat/completions`, init);
  expect(response.status).toBe(413);
});

test("a body at the limit is taken", async () => {
  run.gateway.script = (call) => answerPlainly(call, "{}");
  expect((await chat("x".repeat(64 * 1024))).status).toBe(200);
  expect(run.gateway.calls.at(-1)?.body.length).toBe(64 * 1024);
});
