import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BadRequest } from "#proto/google/rpc/error_details.ts";
import { GetTraceRequest, GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";
import { INFO, TRACE, TRACE_ID } from "./sample-trace.ts";

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
  run.traceWriter.traces = [TRACE];
  run.traceWriter.experiments = [
    {
      id: "7",
      name: "gateway/demo",
      createTime: { seconds: 1_700_000_000n, nanos: 123_456_789 },
      updateTime: undefined,
      traceCount: 9_007_199_254_740_993n,
      storedBytes: 0n,
    },
  ];
});
afterAll(() => run[Symbol.asyncDispose]());

const READER = "twinspan.trace.v1.TraceReaderService";
const EXPERIMENTS = "twinspan.trace.v1.ExperimentService";
const NAME = `tr-${TRACE_ID}`;

function call(
  method: string,
  body: NonNullable<RequestInit["body"]>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${run.ingress.url}/${method}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

test("a message in protobuf goes through as bytes, and so does its answer", async () => {
  const request = Buffer.from(GetTraceRequest.encode({ traceId: INFO.traceId, view: 0 }).finish());
  const response = await call(`${READER}/GetTrace`, request, { "content-type": "application/proto" });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/proto"]);
  expect(response.headers.get("x-request-id")).toBeTruthy();
  const answer = Buffer.from(await response.arrayBuffer());
  expect(answer).toEqual(Buffer.from(GetTraceResponse.encode({ trace: TRACE }).finish()));
});

test("JSON is protobuf's: 64-bit numbers as text, times as RFC 3339 to the nanosecond, enums by name, bytes as base64", async () => {
  const listed = await call(`${EXPERIMENTS}/ListExperiments`, "{}");
  expect(await listed.json()).toEqual({
    experiments: [
      {
        id: "7",
        name: "gateway/demo",
        createTime: "2023-11-14T22:13:20.123456789Z",
        traceCount: "9007199254740993",
      },
    ],
  });
  const read = await call(`${READER}/GetTrace`, JSON.stringify({ trace_id: NAME }));
  expect(await read.json()).toMatchObject({
    trace: {
      info: { state: "TRACE_STATE_OK" },
      mirrorSpanIds: [Buffer.from("0000000000000002", "hex").toString("base64")],
    },
  });
});

test("the gateway's endpoints are read the same way", async () => {
  const response = await call("twinspan.gateway.v1.EndpointService/ListEndpoints", "{}");
  expect(await response.json()).toMatchObject({ endpoints: [{ name: "demo", createTimeSeconds: "1700000000" }] });
});

test("whoever asks is in the metadata, and nothing else of the headers", async () => {
  await call(`${READER}/GetTrace`, JSON.stringify({ traceId: NAME }), {
    authorization: "Bearer one",
    "x-twinspan-key": "two",
    cookie: "three",
    "x-request-id": "four",
  });
  const metadata = run.traceWriter.reads.at(-1);
  expect(metadata).toMatchObject({ "x-twinspan-key": "two", "x-request-id": "four" });
  expect(JSON.stringify(metadata)).not.toMatch(/one|three/);
});

test("a failure has the protocol's code and status, and google.rpc's details", async () => {
  const response = await call(`${READER}/GetTrace`, JSON.stringify({ traceId: "tr-none" }));
  expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/json"]);
  expect(await response.json()).toMatchObject({
    code: "not_found",
    message: "There is no such trace.",
    details: [{ type: "google.rpc.ErrorInfo", value: expect.stringMatching(/^[A-Za-z0-9+/]+$/) }],
  });
  const missing = await call("twinspan.gateway.v1.EndpointService/GetEndpoint", JSON.stringify({ name: "none" }));
  const { details } = Object(await missing.json());
  const { value } = details.find(({ type }: { type: string }) => type === "google.rpc.BadRequest");
  expect(BadRequest.decode(Buffer.from(value, "base64")).fieldViolations).toMatchObject([{ field: "model" }]);
});

test.each([
  ["JSON that is none", "{", "not a twinspan.trace.v1.GetTraceRequest"],
  ["a field that there is not", '{"traceid":"x"}', 'key "traceid" is unknown'],
  ["a value of another type", '{"traceId":5}', "trace_id"],
])("%s is invalid_argument, and says what is wrong", async (_name, body, message) => {
  const response = await call(`${READER}/GetTrace`, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid_argument", message: expect.stringContaining(message) });
});

test("a content type that is not spoken is 415, with those that are", async () => {
  const unary = await call(`${READER}/GetTrace`, "x", { "content-type": "text/plain" });
  expect([unary.status, unary.headers.get("accept-post")]).toEqual([415, "application/proto, application/json"]);
  const streaming = await call(`${READER}/TailTraces`, "{}");
  expect([streaming.status, streaming.headers.get("accept-post")]).toEqual([
    415,
    "application/connect+proto, application/connect+json",
  ]);
});

test.each([
  [{ "connect-protocol-version": "2" }, 400, "invalid_argument"],
  [{ "connect-timeout-ms": "soon" }, 400, "invalid_argument"],
  [{ "connect-timeout-ms": "12345678901" }, 400, "invalid_argument"],
  [{ "connect-timeout-ms": "0" }, 504, "deadline_exceeded"],
  [{ "content-encoding": "br" }, 501, "unimplemented"],
])("%j is %s %s", async (headers, status, code) => {
  const response = await call(`${EXPERIMENTS}/ListExperiments`, "{}", headers);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
});

test("the services that write, and those that call models, are not there", async () => {
  for (const method of [
    "twinspan.trace.v1.TraceWriterService/WriteInvocations",
    "twinspan.gateway.v1.GatewayService/Invoke",
    "grpc.health.v1.Health/Check",
    `${READER}/Nothing`,
  ]) {
    expect((await call(method, "{}")).status, method).toBe(404);
  }
  expect(await (await call(`${READER}/Nothing`, "{}")).json()).toMatchObject({ code: "unimplemented" });
  expect((await fetch(`${run.ingress.url}/${READER}/GetTrace`)).status).toBe(405);
});

test("a compressed request is read, and an answer is compressed for those who take it", async () => {
  run.traceWriter.traces = Array.from({ length: 100 }, (_, at) => ({
    ...TRACE,
    info: { ...INFO, traceId: `tr-${at}` },
  }));
  const body = gzipSync(JSON.stringify({ traceIds: run.traceWriter.traces.map(({ info }) => info?.traceId) }));
  const headers = { "content-encoding": "gzip", "accept-encoding": "br, gzip;q=0.5" };
  const response = await call(`${READER}/GetTraceInfos`, body, headers);
  expect([response.headers.get("content-encoding"), response.headers.get("vary")]).toEqual(["gzip", "accept-encoding"]);
  expect(Object(await response.json()).infos).toHaveLength(100);
  const plain = await call(`${READER}/GetTraceInfos`, body, { ...headers, "accept-encoding": "gzip;q=0, br" });
  expect(plain.headers.get("content-encoding")).toBeNull();
  run.traceWriter.traces = [TRACE];
});

test("a request beyond the limit is refused, also one that is only large once decompressed", async () => {
  const large = Buffer.alloc(4 * 1024 * 1024 + 1, 0x20);
  for (const [body, headers] of [
    [large, {}],
    [gzipSync(large), { "content-encoding": "gzip" }],
  ] as const) {
    const response = await call(`${READER}/GetTrace`, body, headers);
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
  }
});

test("buf curl, a Connect client, calls methods and reads failures", async () => {
  const curl = (method: string, data: object) =>
    promisify(execFile)("node_modules/.bin/buf", [
      ...["curl", "--protocol", "connect", "--schema", "gen/image.binpb", "--data", JSON.stringify(data)],
      `${run.ingress.url}/${method}`,
    ]);
  const { stdout } = await curl(`${READER}/GetTrace`, { traceId: NAME });
  expect(JSON.parse(stdout)).toMatchObject({ trace: { info: { traceId: NAME } } });
  await expect(curl(`${READER}/GetTrace`, { traceId: "tr-none" })).rejects.toThrow(/not_found/);
  run.traceWriter.tail = (stream) => {
    stream.write({ traces: [INFO], resumeToken: "one" });
    stream.write({ traces: [], resumeToken: "two" });
    stream.end();
  };
  const tailed = await curl(`${READER}/TailTraces`, { pending: true });
  expect(tailed.stdout.match(/"resumeToken": *"\w+"/g)).toHaveLength(2);
});
