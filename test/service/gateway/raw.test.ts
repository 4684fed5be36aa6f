import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Dialect, type Invocation, type Target } from "#proto/twinspan/gateway/v1/invocation.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { ErrorType, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

const CANARY = "canary-2f9e61";

/** A provider that answers as a test wants it to, and keeps what it was sent. */
const server = createServer(async (request, response) => {
  const body = await buffer(request);
  const { method, url, headers } = request;
  sent = { method, url, headers, body };
  answer(response);
});
let sent: (Pick<IncomingMessage, "method" | "url" | "headers"> & { body: Buffer }) | undefined;
let answer: (response: ServerResponse) => void;
let run: GatewayRun;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const origin = `http://127.0.0.1:${typeof bound === "object" ? bound?.port : 0}`;
  const azure = { kind: "azure-openai", baseUrl: `${origin}/openai`, apiKey: "k", apiVersion: "2024-10-21" };
  const bedrock = { kind: "amazon-bedrock", baseUrl: origin, region: "eu-west-1" };
  run = await startGatewayRun({
    endpoints: {
      any: { provider: { baseUrl: `${origin}/base/v1`, apiKey: "the-key" } },
      azure: { provider: azure },
      bedrock: { provider: { ...bedrock, apiKey: "bedrock-key" } },
      signed: { provider: { ...bedrock, accessKeyId: "id", secretAccessKey: "secret" } },
    },
    limits: { payloadBytesMax: 1_024 },
  });
});
beforeEach(() => {
  sent = undefined;
  answer = (response) => response.setHeader("content-type", "application/json").end("{}");
});
afterAll(async () => {
  await run[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

function ask(
  target: Partial<Target>,
  also: { body?: Buffer | string; headers?: Invocation["headers"]; endpoint?: string } = {},
) {
  return {
    model: "",
    body: also.body ?? "",
    headers: [CALLER.header],
    invocation: {
      dialect: Dialect.DIALECT_RAW,
      endpoint: also.endpoint ?? "any",
      target: { method: "", path: "", query: "", ...target },
      headers: also.headers ?? [],
    },
  };
}

test("a request and its answer pass byte for byte, whatever they are made of", async () => {
  const question = Buffer.from([0, 255, 1, 254, ...Buffer.from(CANARY)]);
  const sound = Buffer.from([0xff, 0xf3, 0, 7, ...Buffer.from(CANARY)]);
  answer = (response) => response.setHeader("content-type", "audio/mpeg").end(sound);
  const headers = [
    { name: "content-type", value: "audio/wav" },
    { name: "accept", value: "audio/mpeg" },
    { name: "cookie", value: "secret" },
  ];
  const target = { method: "PUT", path: "/audio/x%20y", query: "voice=a%2Fb&n=1" };
  const told = await run.client.stream(ask(target, { body: question, headers }));
  expect(told).toMatchObject({
    error: undefined,
    head: { status: 200 },
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, usage: undefined },
  });
  expect(told.head?.headers).toContainEqual({ name: "content-type", value: "audio/mpeg" });
  expect(Buffer.concat(told.chunks)).toEqual(sound);
  expect(sent).toMatchObject({ method: "PUT", url: "/base/v1/audio/x%20y?voice=a%2Fb&n=1", body: question });
  expect(sent?.headers).toMatchObject({
    "content-type": "audio/wav",
    accept: "audio/mpeg",
    authorization: "Bearer the-key",
  });
  expect(sent?.headers).not.toHaveProperty("cookie");

  const { root, attempts, record, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(JSON.parse(root.inputs)).toEqual({
    ...target,
    body: `data:audio/wav;base64,${question.toString("base64")}`,
  });
  expect(JSON.parse(root.outputs)).toBe(`data:audio/mpeg;base64,${sound.toString("base64")}`);
  expect(root.attributes["mlflow.gateway.requestType"]).toBe("passthrough/raw");
  expect(record.mirror?.spans[0]).toMatchObject({ requestType: RequestType.REQUEST_TYPE_RAW, streaming: false });
  expect(mirrorErrorTypes).toEqual(["", ""]);
  expect(attempts[0]).toMatchObject({ name: "model/any/any-model", inputs: "", outputs: "" });
  const beside = Buffer.from(InvocationRecord.encode({ ...record, payloads: [] }).finish()).toString("latin1");
  expect(beside).not.toContain(CANARY);
  expect(beside).not.toContain("voice");
});

test("a GET has no body and no content type, and its answer comes whole over Invoke too", async () => {
  answer = (response) => {
    response.setHeader("content-type", "text/plain");
    response.write("one ");
    setImmediate(() => response.end("two"));
  };
  for (const call of [run.client.invoke, run.client.stream]) {
    const told = await call(ask({ method: "GET", path: "/files" }));
    expect(told).toMatchObject({
      error: undefined,
      body: "one two",
      summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED },
    });
    expect(sent).toMatchObject({ method: "GET", url: "/base/v1/files", body: Buffer.alloc(0) });
    expect(sent?.headers).toMatchObject({ accept: "*/*" });
    expect(sent?.headers).not.toHaveProperty("content-type");
    const { root } = await recordOfCall(run, told);
    expect([root.inputs, root.outputs]).toEqual(['{"method":"GET","path":"/files"}', '"one two"']);
  }
});

test("an answer of JSON that says its usage in a known way is billed; JSON is recorded as it came", async () => {
  const body = '{ "id":"r-1", "model":"m-1", "usage":{"prompt_tokens":7,"completion_tokens":2} }';
  answer = (response) => response.setHeader("content-type", "application/json").end(body);
  const told = await run.client.stream(ask({ path: "/chat/completions" }, { body: '{"q":1}', headers: [] }));
  expect(told.summary).toMatchObject({ usage: { inputTokens: 7n, outputTokens: 2n, totalTokens: 9n } });
  expect(sent?.headers).toMatchObject({ "content-type": "application/json" });
  const { root, attempts } = await recordOfCall(run, told);
  expect(root.outputs).toBe(body);
  expect(attempts[0]?.attributes).toMatchObject({ "gen_ai.response.model": "m-1", "gen_ai.response.id": "r-1" });
});

test("an answer goes on while it comes, and of a long one the beginning is recorded", async () => {
  let goOn = () => {};
  answer = (response) => {
    response.write("x".repeat(800));
    goOn = () => response.end("y".repeat(800));
  };
  const call = run.client.stream({ ...ask({ path: "/long" }), onChunk: () => goOn() });
  const told = await call;
  expect(told.body).toBe("x".repeat(800) + "y".repeat(800));
  const { root, record } = await recordOfCall(run, told);
  expect(root.outputs).toMatch(/^"x+"$/);
  expect(record.payloads[0]?.truncated).toBe(true);
});

test("an answer that breaks off breaks off for the caller too, and the record says why", async () => {
  answer = (response) => {
    response.write("half of it");
    setImmediate(() => response.destroy());
  };
  const told = await run.client.stream(ask({ path: "/cut" }));
  expect(told).toMatchObject({ head: { status: 200 }, body: "half of it", error: { code: status.UNAVAILABLE } });
  const { root, mirrorErrorTypes } = await recordOfCall(run, told);
  expect([root.errorType, root.outputs]).toEqual(["provider_protocol", '"half of it"']);
  expect(mirrorErrorTypes).toEqual(["provider_protocol", "provider_protocol"]);
});

test.each([
  [204, ""],
  [422, '{"error":"what"}'],
])("an answer of %i passes as it is", async (code, body) => {
  answer = (response) => response.writeHead(code, { "content-type": "application/json" }).end(body);
  const told = await run.client.stream(ask({ method: "DELETE", path: "/files/f1" }));
  expect(told).toMatchObject({ error: undefined, head: { status: code }, body });
  expect(sent).toMatchObject({ method: "DELETE", url: "/base/v1/files/f1" });
});

test("Azure gets the path as it is, Bedrock a key; what would have to be signed is refused", async () => {
  const models = { path: "/models", query: "api-version=x", method: "GET" };
  await run.client.stream(ask(models, { endpoint: "azure" }));
  expect(sent).toMatchObject({ url: "/openai/models?api-version=x", headers: { "api-key": "k" } });
  await run.client.stream(ask({ path: "/model/m/invoke" }, { endpoint: "bedrock", body: "{}" }));
  expect(sent).toMatchObject({ url: "/model/m/invoke", headers: { authorization: "Bearer bedrock-key" } });
  sent = undefined;
  const told = await run.client.stream(ask({ path: "/model/m/invoke" }, { endpoint: "signed", body: "{}" }));
  expect(told.error).toMatchObject({ code: status.FAILED_PRECONDITION, details: expect.stringContaining("signed") });
  expect(sent).toBeUndefined();
});

test("a path that leads elsewhere is refused before anything is sent, with a light trace", async () => {
  const told = await run.client.stream(ask({ path: "/a/%2e%2e/b" }, { body: CANARY }));
  expect(told.error).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining("dots") });
  expect(sent).toBeUndefined();
  const { root, attempts } = await recordOfCall(run, told);
  expect([root.errorType, root.inputs, attempts]).toEqual(["invalid_request", "", []]);
});
