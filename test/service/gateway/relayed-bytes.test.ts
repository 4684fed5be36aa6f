import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";

/** A provider that answers as a test wants it to, and keeps what it was sent. */
const server = createServer(async (request, response) => {
  sent = { path: request.url, body: (await buffer(request)).toString() };
  answer(response);
});
let sent: { readonly path: string | undefined; readonly body: string } | undefined;
let answer: (response: ServerResponse) => void;
let run: GatewayRun;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const baseUrl = `http://127.0.0.1:${typeof bound === "object" ? bound?.port : 0}/v1`;
  run = await startGatewayRun({ endpoints: { any: { provider: { kind: "openai", baseUrl, apiKey: "k" } } } });
});
afterAll(async () => {
  await run[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

/** What no parser keeps as it is: numbers beyond it, a name twice, escapes, white space. */
const ODD = '"big": 12345678901234567890.10 ,"e":1E400, "s":"\\u00e4\\/\\ud83d", "x":1,"x":2 \t';

const CHUNK = '{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"n":1.0}';
const CHAT_STREAM = `: hello\r\n\r\ndata:  ${CHUNK}\r\n\r\nid: 7\ndata: ${CHUNK}\nretry: 1\n\ndata: [DONE]\n\n`;
const RESPONSE = `{"id" : "r","output":[], ${ODD}}`;
const RESPONSES_STREAM =
  `event: response.created\r\ndata: {"type":"response.created","response":${RESPONSE}}\r\n\r\n: ping\n\n` +
  `event: response.completed\ndata:{"type":"response.completed", "response":${RESPONSE}}\n\n`;

test.each([
  ["a chat", Dialect.DIALECT_OPENAI_CHAT, "/chat/completions", '"messages":[]', `{"choices":[], ${ODD}}`],
  ["MLflow's chat", Dialect.DIALECT_MLFLOW_CHAT, "/chat/completions", '"messages":[]', `{"choices":[], ${ODD}}`],
  ["MLflow's invocation", Dialect.DIALECT_MLFLOW_INVOCATIONS, "/embeddings", '"input":1', `{"data":[], ${ODD}}`],
  ["a response", Dialect.DIALECT_OPENAI_RESPONSES, "/responses", '"background":true', RESPONSE],
  ["a compaction", Dialect.DIALECT_OPENAI_RESPONSES_COMPACT, "/responses/compact", '"input":null', RESPONSE],
  ["embeddings", Dialect.DIALECT_OPENAI_EMBEDDINGS, "/embeddings", '"input":["a"]', `{"data":[1.0], ${ODD}}`],
])("of %s only the model changes on its way, and of the answer nothing", async (_what, dialect, path, own, body) => {
  answer = (response) => response.setHeader("content-type", "application/json").end(body);
  const asked = ` { ${own}, ${ODD} , "model" : "any", "z":null}\n`;
  for (const call of [run.client.invoke, run.client.stream]) {
    const told = await call({ model: "", body: asked, invocation: { dialect, endpoint: "any" } });
    expect(told).toMatchObject({ error: undefined, body });
    expect(sent).toEqual({ path: `/v1${path}`, body: asked.replace('"any"', '"any-model"') });
  }
});

test.each([
  ["a chat that wants its usage", Dialect.DIALECT_OPENAI_CHAT, '"stream_options":{"include_usage":true}', CHAT_STREAM],
  ["a response", Dialect.DIALECT_OPENAI_RESPONSES, '"background":true', RESPONSES_STREAM],
])("of the stream of %s nothing changes either, wherever it is cut", async (_what, dialect, own, body) => {
  for (const size of [1, 7, 10_000]) {
    answer = async (response) => {
      response.setHeader("content-type", "text/event-stream; charset=utf-8");
      for (let at = 0; at < body.length; at += size) {
        response.write(body.slice(at, at + size));
        await new Promise(setImmediate);
      }
      response.end();
    };
    const asked = `{ ${own}, ${ODD}, "model":"any","stream" : true }`;
    const told = await run.client.stream({ model: "", body: asked, invocation: { dialect } });
    expect(told).toMatchObject({ error: undefined, body, summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED } });
    expect(sent?.body).toBe(asked.replace('"any"', '"any-model"'));
  }
});

test("a caller that asks for no usage gets the stream it would get had nobody asked", async () => {
  const chunk = (more: string) =>
    `data: {"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]${more}}\n\n`;
  answer = (response) => {
    const wantsUsage = JSON.parse(sent?.body ?? "").stream_options?.include_usage === true;
    const last = 'data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}\n\n';
    response.setHeader("content-type", "text/event-stream");
    response.end(`${chunk(wantsUsage ? ', "usage": null' : "")}${wantsUsage ? last : ""}data: [DONE]\n\n`);
  };
  const told = await run.client.stream({ model: "any", stream: true });
  expect(told.body).toBe(`${chunk("")}data: [DONE]\n\n`);
  expect(told.summary?.usage).toMatchObject({ inputTokens: 3n, outputTokens: 1n });
});

test("a response that was asked to stream in the background, and does not, comes whole", async () => {
  const body = '{"id":"r","status":"queued","output":[]}';
  answer = (response) => response.setHeader("content-type", "application/json").end(body);
  const also = { input: "a", background: true, previous_response_id: "resp_0" };
  const invocation = { dialect: Dialect.DIALECT_OPENAI_RESPONSES };
  const told = await run.client.stream({ model: "any", stream: true, also, invocation });
  expect(told).toMatchObject({
    error: undefined,
    body,
    chunks: [Buffer.from(body)],
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED },
  });
  expect(JSON.parse(sent?.body ?? "")).toMatchObject(also);
});

test("of a refusal without end the caller gets as much as is read, under the provider's status", async () => {
  const body = `{"error":{"message":"${"too long ".repeat(200_000)}"}}`;
  answer = (response) => {
    response.statusCode = 422;
    response.setHeader("content-type", "application/json").end(body);
  };
  const told = await run.client.invoke({ model: "any" });
  expect(told).toMatchObject({ error: undefined, head: { status: 422 } });
  expect(told.body).toBe(body.slice(0, 1024 * 1024));
});
