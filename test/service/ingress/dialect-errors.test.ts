import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { answerPlainly, beginStream, fail, piece } from "./chat-answers.ts";
import { type IngressRun, JSON_TYPE, startIngressRun } from "./ingress-run.ts";
import { sendRaw } from "./raw-http.ts";

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
});
afterAll(() => run[Symbol.asyncDispose]());
beforeEach(() => {
  run.gateway.script = (call) => answerPlainly(call, "{}");
});

const TEXT = expect.any(String);
const openAiError = () => ({ error: { type: TEXT, code: TEXT, message: TEXT, param: null } });
const anthropicError = () => ({ type: "error", error: { type: TEXT, message: TEXT } });
const geminiError = (status: number) => ({ error: { code: status, status: TEXT, message: TEXT } });

test.each([
  ["/v1/responses", openAiError],
  ["/gateway/openai/v1/responses", openAiError],
  ["/gateway/mlflow/v1/chat/completions", openAiError],
  ["/gateway/demo/mlflow/invocations", openAiError],
  ["/anthropic/v1/messages", anthropicError],
  ["/gateway/anthropic/v1/messages/count_tokens", anthropicError],
  ["/gemini/v1beta/models/demo:generateContent", geminiError],
  ["/gateway/gemini/v1/models/demo:countTokens", geminiError],
])("at %s every refusal is an error of its dialect", async (path, shape) => {
  const root = path.slice(0, path.lastIndexOf("/"));
  run.gateway.script = (call) => fail(call, new ServiceError("rate_limited", "Slower.", { retryAfterMs: 1500 }));
  const cases: readonly (readonly [number, Promise<Response>])[] = [
    [429, run.post(path)],
    [404, run.post(`${root}/nothing/at/all`)],
    [405, run.post(path, { method: "PUT" })],
    [415, run.post(path, { headers: { "content-type": "text/plain" } })],
    [415, run.post(path, { headers: { ...JSON_TYPE, "content-encoding": "gzip" } })],
    [400, run.post(path, { body: "" })],
  ];
  for (const [status, asked] of cases) {
    const response = await asked;
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("x-request-id")).toBeTruthy();
    expect(response.headers.get("retry-after")).toBe(status === 429 ? "2" : null);
    if (status === 405) expect(response.headers.get("allow")).toMatch(/POST/);
    expect(await response.json()).toMatchObject(shape(status));
  }
});

test("a method that Gemini's models do not have is told, with those they have", async () => {
  const response = await run.post("/gemini/v1beta/models/demo:predict");
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    error: {
      code: 404,
      status: "NOT_FOUND",
      message: expect.stringContaining("predict here. Those there are: generateContent"),
    },
  });
});

test.each([
  [
    "/v1/chat/completions",
    "text/event-stream",
    'data: {"error":{"message":"Gone.","type":"server_error","param":null,"code":"provider_timeout"}}\n\n',
  ],
  [
    "/v1/responses",
    "text/event-stream",
    'event: error\ndata: {"type":"error","sequence_number":0,"message":"Gone.","param":null,"code":"provider_timeout",' +
      '"error":{"message":"Gone.","type":"server_error","param":null,"code":"provider_timeout"}}\n\n',
  ],
  [
    "/anthropic/v1/messages",
    "text/event-stream; charset=utf-8",
    'event: error\ndata: {"type":"error","error":{"type":"timeout_error","message":"Gone."}}\n\n',
  ],
  [
    "/gemini/v1beta/models/demo:streamGenerateContent?alt=sse",
    "text/event-stream",
    'data: {"error":{"code":504,"message":"Gone.","status":"UNAVAILABLE"}}\n\n',
  ],
  [
    "/gemini/v1beta/models/demo:streamGenerateContent",
    "application/json; charset=UTF-8",
    ',\n{"error":{"code":504,"message":"Gone.","status":"UNAVAILABLE"}}\n]',
  ],
  ["/gateway/proxy/demo/stream", "text/event-stream", ""],
])(
  "a stream at %s (%s) that the gateway cannot end tells why in its dialect, and breaks off",
  async (path, contentType, last) => {
    run.gateway.script = (call) => {
      beginStream(call, "[first", contentType);
      call.stream.write(piece("second"), () => fail(call, new ServiceError("provider_timeout", "Gone.")));
    };
    const head = [`POST ${path} HTTP/1.1`, "host: example.test", "content-type: application/json", "content-length: 2"];
    const answer = await sendRaw(run.ingress.url, head, "{}");
    expect(answer).toContain("second");
    expect(answer).not.toContain("\r\n0\r\n\r\n");
    const [, after = ""] = answer.split("second\r\n");
    expect(after).toBe(last === "" ? "" : `${last.length.toString(16)}\r\n${last}\r\n`);
  },
);
