import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rpcFailureOf } from "#lib/rpc/status-details.ts";
import { ServiceError } from "#lib/service-error.ts";
import { TailTracesRequest, TailTracesResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { until } from "../../../tools/until.ts";
import { enveloped, type StreamMessage, streamMessagesOf } from "./connect-stream.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";
import { INFO } from "./sample-trace.ts";

const warned: string[] = [];
const onWarning = ({ name }: Error) => void warned.push(name);

let run: IngressRun;
beforeAll(async () => {
  process.on("warning", onWarning);
  run = await startIngressRun();
});
afterAll(async () => {
  await run[Symbol.asyncDispose]();
  process.off("warning", onWarning);
  // So many wait for the end of a stream's response that Node would warn, did each listen to it.
  expect(warned).not.toContain("MaxListenersExceededWarning");
});

const JSON_TYPE = "application/connect+json";
const ENDED = 2;

interface Tail {
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly at?: IngressRun;
}

function tail({ body = enveloped(Buffer.from('{"pending":true}')), headers = {}, signal, at = run }: Tail = {}) {
  return fetch(`${at.ingress.url}/twinspan.trace.v1.TraceReaderService/TailTraces`, {
    method: "POST",
    body: new Uint8Array(body),
    headers: { "content-type": JSON_TYPE, ...headers },
    signal: signal ?? null,
  });
}

async function messagesOf(response: Response): Promise<StreamMessage[]> {
  expect(response.status).toBe(200);
  return response.body === null ? [] : Array.fromAsync(streamMessagesOf(response.body));
}

async function endOf(response: Response): Promise<unknown> {
  const messages = await messagesOf(response);
  expect(messages.map(({ flags }) => flags)).toEqual([ENDED]);
  return JSON.parse(`${messages[0]?.bytes}`);
}

test("messages come one by one in their envelopes, in JSON or protobuf, and a last one says that it went well", async () => {
  const seen: TailTracesRequest[] = [];
  run.traceWriter.tail = (stream) => {
    seen.push(stream.request);
    stream.write({ traces: [INFO], resumeToken: "one" });
    stream.end();
  };
  const [first, end] = await messagesOf(await tail());
  expect(JSON.parse(`${first?.bytes}`)).toMatchObject({ traces: [{ name: INFO.name }], resumeToken: "one" });
  expect([end?.flags, `${end?.bytes}`]).toEqual([ENDED, "{}"]);

  const request = TailTracesRequest.encode({ experimentIds: ["7"], pending: false, filter: "", resumeToken: "" });
  const response = await tail({
    body: enveloped(request.finish()),
    headers: { "content-type": "application/connect+proto" },
  });
  expect(response.headers.get("content-type")).toBe("application/connect+proto");
  const [bytes] = await messagesOf(response);
  expect(TailTracesResponse.decode(bytes?.bytes ?? Buffer.alloc(0))).toEqual({ traces: [INFO], resumeToken: "one" });
  expect(seen).toMatchObject([{ pending: true }, { experimentIds: ["7"] }]);
});

test("a stream that fails says so in its last message", async () => {
  run.traceWriter.tail = (stream) => {
    stream.write({ traces: [], resumeToken: "one" });
    stream.emit("error", rpcFailureOf(new ServiceError("overloaded", "Too many tails.", { retryAfterMs: 500 })));
  };
  const [first, end] = await messagesOf(await tail());
  expect(JSON.parse(`${first?.bytes}`)).toEqual({ resumeToken: "one" });
  expect(JSON.parse(`${end?.bytes}`)).toMatchObject({
    error: {
      code: "resource_exhausted",
      message: "Too many tails.",
      details: [{ type: "google.rpc.ErrorInfo" }, { type: "google.rpc.RetryInfo" }],
    },
  });
});

test.each([
  ["no envelope", { body: Buffer.from("{}") }, "envelope"],
  ["two messages", { body: Buffer.concat([enveloped(Buffer.from("{}")), enveloped(Buffer.from("{}"))]) }, "envelope"],
  ["a message that is cut", { body: enveloped(Buffer.from("{}")).subarray(0, 6) }, "envelope"],
  ["flags that there are not", { body: enveloped(Buffer.from("{}"), 4) }, "flags"],
  ["JSON that is none", { body: enveloped(Buffer.from("{")) }, "TailTracesRequest"],
  ["a timeout that is none", { headers: { "connect-timeout-ms": "x" } }, "connect-timeout-ms"],
])("%s is told in the one message of a stream", async (_name, request, message) => {
  expect(await endOf(await tail(request))).toMatchObject({
    error: { code: "invalid_argument", message: expect.stringContaining(message) },
  });
});

test("a compressed request is read, and messages are compressed for those who take it", async () => {
  run.traceWriter.tail = (stream) => {
    stream.write({ traces: Array.from({ length: 50 }, () => INFO), resumeToken: "large" });
    stream.write({ traces: [], resumeToken: "small" });
    stream.end();
  };
  const response = await tail({
    body: enveloped(gzipSync('{"pending":true}'), 1),
    headers: { "connect-content-encoding": "gzip", "connect-accept-encoding": "gzip" },
  });
  expect(response.headers.get("connect-content-encoding")).toBe("gzip");
  const messages = await messagesOf(response);
  expect(messages.map(({ flags }) => flags)).toEqual([1, 0, ENDED]);
  expect(JSON.parse(`${gunzipSync(messages[0]?.bytes ?? "")}`).traces).toHaveLength(50);
});

test("a timeout ends the stream with deadline_exceeded", async () => {
  run.traceWriter.tail = () => {};
  expect(await endOf(await tail({ headers: { "connect-timeout-ms": "50" } }))).toMatchObject({
    error: { code: "deadline_exceeded" },
  });
});

test("a client that hangs up cancels the call", async () => {
  const cancelled = Promise.withResolvers<void>();
  run.traceWriter.tail = (stream) => {
    stream.on("cancelled", () => cancelled.resolve());
    stream.write({ traces: [], resumeToken: "one" });
  };
  const abort = new AbortController();
  const response = await tail({ signal: abort.signal });
  await response.body?.getReader().read();
  abort.abort();
  await cancelled.promise;
});

test("a client that does not read slows the call down", async () => {
  let fullSinceMs = Number.POSITIVE_INFINITY;
  let written = 0;
  const traces = Array.from({ length: 100 }, () => ({ ...INFO, requestPreview: "x".repeat(10_000) }));
  run.traceWriter.tail = (stream) => {
    const write = () => {
      while (written < 1000) {
        written += 1;
        if (!stream.write({ traces, resumeToken: `${written}` })) {
          fullSinceMs = performance.now();
          stream.once("drain", write);
          return;
        }
      }
      stream.end();
    };
    write();
  };
  const abort = new AbortController();
  const response = await tail({ signal: abort.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  await until("the trace-writer has stopped writing", () => performance.now() - fullSinceMs > 100);
  expect(written).toBeLessThan(100);
  abort.abort();
});

test("when the ingress drains, streams end at once and say that they may be asked for again", async () => {
  const own = await startIngressRun();
  own.traceWriter.tail = (stream) => stream.write({ traces: [], resumeToken: "one" });
  const response = await tail({ at: own });
  const messages = messagesOf(response);
  await until("both calls are under way", async () => (await own.metric("twinspan_ingress_requests_in_flight")) === 2);
  await own[Symbol.asyncDispose]();
  const [first, end] = await messages;
  expect(JSON.parse(`${first?.bytes}`)).toEqual({ resumeToken: "one" });
  expect(JSON.parse(`${end?.bytes}`)).toMatchObject({ error: { code: "unavailable" } });
});
