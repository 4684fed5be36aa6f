import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { until } from "../../../tools/until.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall, viewOf } from "../../traces/record-view.ts";

let run: GatewayRun;
/** Takes connections and never says a word; or answers what a test wants it to. */
const raw = createServer();
let answerRaw: (socket: Socket) => void = () => {};

const WORDS = "one two three four five";

beforeAll(async () => {
  raw.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => answerRaw(socket));
  });
  raw.listen(0, "127.0.0.1");
  await once(raw, "listening");
  const bound = raw.address();
  const rawAddress = `127.0.0.1:${typeof bound === "object" ? bound?.port : 0}`;
  const cuts = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => [`cut-${at}`, { behaviour: { cutAfterChunks: at } }] as const);
  run = await startGatewayRun({
    endpoints: {
      ...Object.fromEntries(cuts),
      garbage: { behaviour: { garbage: true } },
      "garbage-then-silence": { behaviour: { garbage: true, stallAfterChunks: 1 }, fallback: {} },
      "no-json": { behaviour: { body: "<html>" } },
      "cut-head": { behaviour: { cutBeforeHead: true } },
      "cut-body": { behaviour: { cutAfterChunks: 1 } },
      "error-event": { behaviour: { errorAfterChunks: 3 } },
      "error-at-once": { behaviour: { errorAfterChunks: 0 }, fallback: {} },
      stalls: { behaviour: { stallAfterChunks: 3 } },
      "stalls-at-head": { behaviour: { stallBeforeHead: true } },
      "stalls-in-body": { behaviour: { stallAfterChunks: 1 } },
      "slow-head": { behaviour: { stallBeforeHead: true }, provider: { timeouts: { firstByteMs: 80 } } },
      "slow-piece": { behaviour: { stallAfterChunks: 3 }, provider: { timeouts: { idleMs: 80 } } },
      "slow-whole": { behaviour: { chunks: 1_000, chunkDelayMs: 5 }, provider: { timeouts: { totalMs: 120 } } },
      "slow-connect": { provider: { baseUrl: `https://${rawAddress}/v1`, timeouts: { connectMs: 60 } } },
      raw: { provider: { baseUrl: `http://${rawAddress}/v1` } },
    },
  });
});
afterAll(async () => {
  await run[Symbol.asyncDispose]();
  raw.close();
});

/** The provider's latest request to an endpoint's model, once it is over. */
async function endedRequest(model: string) {
  return until(`the request of ${model} has ended`, () => {
    const request = run.provider.requests.findLast(({ body }) => body.includes(`"${model}-model"`));
    return request?.ended && request;
  });
}

test.each([0, 1, 2, 3, 4, 5, 6])("cut by the provider after %i chunks: what came is told and recorded", async (at) => {
  const told = await run.client.stream({ model: `cut-${at}`, stream: true, text: WORDS, headers: [CALLER.header] });
  if (at === 0) {
    expect(told.error?.code).toBe(status.UNAVAILABLE);
  } else {
    expect(told).toMatchObject({
      error: undefined,
      summary: { errorType: ErrorType.ERROR_TYPE_PROVIDER_PROTOCOL, attempts: 1 },
    });
    expect(told.body.match(/^data: /gm)).toHaveLength(at + 1);
    expect(told.body).toMatch(/\n\ndata: \{"error":\{[^\n]*"code":"provider_protocol"\}\}\n\n$/);
  }
  const { root, attempts, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(root.errorType).toBe("provider_protocol");
  expect(attempts[0]?.errorType).toBe("provider_protocol");
  expect(mirrorErrorTypes).toEqual(["provider_protocol", "provider_protocol"]);
  const content = at === 0 ? undefined : JSON.parse(root.outputs).choices[0].message.content;
  expect(content).toBe(
    at === 0
      ? undefined
      : WORDS.split(/(?<= )/)
          .slice(0, at - 1)
          .join(""),
  );
});

test("a stream whose connection breaks after its every choice has ended is whole", async () => {
  const told = await run.client.stream({ model: "cut-7", stream: true, text: WORDS });
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_PROTOCOL);
  answerRaw = (socket) => {
    const chunk = '{"id":"c1","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}';
    socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: ${chunk}\n\n`);
  };
  const whole = await run.client.stream({ model: "raw", stream: true });
  expect(whole).toMatchObject({ error: undefined, summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED } });
});

test("a provider that says [DONE] and keeps the connection holds nobody up", async () => {
  answerRaw = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream\r\ntransfer-encoding: chunked\r\n\r\n");
    const event = 'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"x"}}]}\n\n';
    for (const text of [event, "data: [DONE]\n\n"]) socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
  };
  const startMs = performance.now();
  const told = await run.client.stream({ model: "raw", stream: true });
  expect(performance.now() - startMs).toBeLessThan(5_000);
  expect(told).toMatchObject({ error: undefined, summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED } });
  expect(told.body.endsWith("data: [DONE]\n\n")).toBe(true);
});

test.each([
  ["HTTP/1.1 700 What\r\ncontent-length: 2\r\n\r\n{}", "provider_protocol"],
  ["SMTP ready\r\n\r\n", "provider_protocol"],
  ["HTTP/1.1 204 No Content\r\n\r\n", "provider_protocol"],
  ["HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}", "provider_protocol"],
  ["HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", "provider_protocol"],
])("an answer that is none, %j, is %s", async (bytes, errorType) => {
  answerRaw = (socket) => socket.end(bytes);
  const told = await run.client.invoke({ model: "raw", headers: [CALLER.header] });
  expect(told.error?.code).toBe(status.UNAVAILABLE);
  const { root, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(root.errorType).toBe(errorType);
  expect(mirrorErrorTypes).toEqual([errorType, errorType]);
});

test.each([
  ["garbage", true, "provider_protocol"],
  ["garbage", false, "provider_protocol"],
  ["no-json", false, "provider_protocol"],
  ["cut-head", true, "provider_unavailable"],
  ["cut-body", false, "provider_protocol"],
  ["slow-head", true, "provider_timeout"],
  ["slow-connect", true, "provider_timeout"],
])("%s (stream: %s) is %s", async (model, stream, errorType) => {
  answerRaw = () => {};
  const told = await run.client.stream({ model, stream });
  expect(told.error?.code).toBe(status.UNAVAILABLE);
  const { root, attempts } = await recordOfCall(run, told);
  expect([root.errorType, attempts[0]?.errorType]).toEqual([errorType, errorType]);
  expect(attempts[0]?.errorText).not.toBe("");
});

test.each([
  [true, "not json"],
  [false, "<html>"],
])("what is not of the protocol is kept as the provider sent it (stream: %s)", async (stream, sent) => {
  const told = await run.client.stream({ model: "garbage", stream });
  const { attempts } = await recordOfCall(run, told);
  expect(attempts[0]?.errorText).toContain(sent);
  expect(told.error?.details).not.toContain(sent);
});

test.each([
  ["slow-piece", "idleMs"],
  ["slow-whole", "totalMs"],
])("%s ends with an event that names the limit", async (model, limit) => {
  const told = await run.client.stream({ model, stream: true, text: WORDS });
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_TIMEOUT);
  expect(told.body).toContain(limit);
  expect(told.body).toMatch(/"code":"provider_timeout"\}\}\n\n$/);
  expect((await recordOfCall(run, told)).root.errorType).toBe("provider_timeout");
  expect((await endedRequest(model)).aborted).toBe(true);
});

test("a provider's own error event passes as it came, and the record has it", async () => {
  const told = await run.client.stream({ model: "error-event", stream: true, text: WORDS, headers: [CALLER.header] });
  expect(told.body).toContain('{"error":{"message":"The server had an error');
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE);
  const { root, attempts, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(attempts[0]?.errorText).toContain("The server had an error");
  expect(JSON.parse(root.outputs).choices[0].message.content).toBe("one two ");
  expect(mirrorErrorTypes).toEqual(["provider_unavailable", "provider_unavailable"]);
});

test("before the first byte a failing stream gives way to the fallback, and its connection is closed", async () => {
  for (const model of ["error-at-once", "garbage-then-silence"]) {
    const told = await run.client.stream({ model, stream: true, text: WORDS });
    expect(told).toMatchObject({
      error: undefined,
      summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, attempts: 2 },
    });
    expect((await recordOfCall(run, told)).attempts.map(({ errorType }) => errorType !== undefined)).toEqual([
      true,
      false,
    ]);
    await endedRequest(model);
  }
});

test("a caller that hangs up aborts the provider at once, and what came is recorded as cancelled", async () => {
  const told = await run.client.stream({
    model: "stalls",
    stream: true,
    text: WORDS,
    headers: [CALLER.header],
    hangUpAfter: 3,
  });
  expect(told.error?.code).toBe(status.CANCELLED);
  expect((await endedRequest("stalls"))?.aborted).toBe(true);
  const { root, attempts, mirrorErrorTypes } = await recordOfCall(run, told);
  expect(root.errorType).toBe("cancelled");
  expect(attempts[0]?.errorType).toBe("cancelled");
  expect(mirrorErrorTypes).toEqual(["cancelled", "cancelled"]);
  expect(JSON.parse(root.outputs).choices[0].message.content).toBe("one two ");
});

test.each(["stalls", "stalls-at-head", "stalls-in-body"])("past its deadline %s ends everywhere", async (model) => {
  const stream = model !== "stalls-in-body";
  const known = run.traceWriter.records.length;
  const told = await run.client.stream({ model, stream, options: { deadline: Date.now() + 150 } });
  expect(told.error?.code).toBe(status.DEADLINE_EXCEEDED);
  expect((await endedRequest(model)).aborted).toBe(true);
  const record = viewOf(await until("its record has come", () => run.traceWriter.records[known]));
  expect(record.root.name).toBe(`gateway/${model}`);
  expect([record.root.errorType, record.attempts[0]?.errorType]).toEqual(["deadline_exceeded", "deadline_exceeded"]);
});

test("nothing is left open: no call in flight, and every outcome counted", async () => {
  const metrics = await run.metrics();
  expect(metrics.get("twinspan_calls_in_flight")).toBe(0);
  expect(metrics.get('twinspan_calls_total{endpoint="stalls",outcome="cancelled"}')).toBe(1);
  expect(metrics.get('twinspan_calls_total{endpoint="stalls",outcome="deadline_exceeded"}')).toBe(1);
  expect(run.traceWriter.refusals).toEqual([]);
});
