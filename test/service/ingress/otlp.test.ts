import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ServiceError } from "#lib/service-error.ts";
import { Status } from "#proto/google/rpc/status.ts";
import {
  ExportTraceServiceRequest,
  ExportTraceServiceResponse,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { parseOtlpJson } from "../../../services/ingress/core/otlp-json.ts";
import { type IngressBench, startIngressBench } from "./ingress-bench.ts";

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

const SPAN = {
  traceId: "5B8EFFF798038103D269B633813FC60C",
  spanId: "eee19b7ec3c1b174",
  parentSpanId: "eee19b7ec3c1b173",
  name: "I'm a span",
  startTimeUnixNano: "1544712660000000001",
  endTimeUnixNano: "1544712661000000000",
  kind: 2,
  attributes: [{ key: "my.span.attr", value: { stringValue: "some value" } }],
};
const EXPORT_JSON = JSON.stringify({
  resourceSpans: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "agent" } }] },
      scopeSpans: [{ spans: [SPAN] }],
    },
  ],
});
const EXPORT_PROTOBUF = Buffer.from(ExportTraceServiceRequest.encode(parseOtlpJson(EXPORT_JSON)).finish());

let bench: IngressBench;
beforeAll(async () => {
  bench = await startIngressBench({ otlpBytesMax: 16 * 1024 });
});
afterAll(() => bench[Symbol.asyncDispose]());
beforeEach(() => {
  bench.traceWriter.exportAnswer = { partialSuccess: undefined };
});

interface Sent {
  readonly type: string;
  readonly gzip?: boolean;
  readonly body: string | Buffer;
  readonly headers?: Record<string, string>;
}

function post({ type, gzip = false, body, headers = {} }: Sent): Promise<Response> {
  return fetch(`${bench.ingress.url}/v1/traces`, {
    method: "POST",
    body: Buffer.from(gzip ? gzipSync(body) : body),
    headers: { "content-type": type, ...(gzip ? { "content-encoding": "gzip" } : {}), ...headers },
  });
}

/** The google.rpc.Status of an answer, in the encoding of the request. */
async function statusOf(response: Response): Promise<{ code: number; message: string }> {
  expect(response.headers.get("x-request-id")).toBeTruthy();
  if (response.headers.get("content-type") === JSON_TYPE) return JSON.parse(await response.text());
  expect(response.headers.get("content-type")).toBe(PROTOBUF);
  const { code, message } = Status.decode(Buffer.from(await response.arrayBuffer()));
  return { code, message };
}

const ENCODINGS = [
  { type: PROTOBUF, gzip: false, body: EXPORT_PROTOBUF },
  { type: PROTOBUF, gzip: true, body: EXPORT_PROTOBUF },
  { type: JSON_TYPE, gzip: false, body: EXPORT_JSON },
  { type: JSON_TYPE, gzip: true, body: EXPORT_JSON },
  { type: "application/json; charset=utf-8", gzip: false, body: EXPORT_JSON },
];

test.each(ENCODINGS)("an export as $type, gzip $gzip, arrives whole with its experiment", async (sent) => {
  const headers = {
    "X-MLflow-Experiment-Id": "5",
    "x-twinspan-experiment": "my agent",
    authorization: "Bearer secret",
  };
  const response = await post({ ...sent, headers });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(sent.type === PROTOBUF ? "" : "{}");
  expect(response.headers.get("content-type")).toContain(sent.type.split(";")[0]);
  const arrived = bench.traceWriter.exports.at(-1);
  expect(arrived?.request).toEqual(parseOtlpJson(EXPORT_JSON));
  expect(arrived?.metadata).toMatchObject({ "x-mlflow-experiment-id": "5", "x-twinspan-experiment": "my agent" });
  expect(Object.keys(arrived?.metadata ?? {})).not.toContain("authorization");
});

test.each(ENCODINGS)("what was not taken of an export as $type, gzip $gzip, is said in the answer", async (sent) => {
  bench.traceWriter.exportAnswer = { partialSuccess: { rejectedSpans: 3n, errorMessage: "sealed" } };
  const response = await post(sent);
  expect(response.status).toBe(200);
  if (sent.type === PROTOBUF) {
    const { partialSuccess } = ExportTraceServiceResponse.decode(Buffer.from(await response.arrayBuffer()));
    expect(partialSuccess).toEqual({ rejectedSpans: 3n, errorMessage: "sealed" });
  } else {
    expect(await response.json()).toEqual({ partialSuccess: { rejectedSpans: "3", errorMessage: "sealed" } });
  }
});

test.each([
  { type: PROTOBUF, gzip: false, body: "" },
  { type: PROTOBUF, gzip: true, body: "" },
  { type: JSON_TYPE, gzip: false, body: "{}" },
  { type: JSON_TYPE, gzip: true, body: '{"resourceSpans":[],"futureField":1}' },
])("an empty export as $type, gzip $gzip, succeeds", async (sent) => {
  expect((await post(sent)).status).toBe(200);
});

test("an export in JSON that is said to be protobuf is 400, rather than an export of no spans", async () => {
  const before = bench.traceWriter.exports.length;
  const response = await post({ type: PROTOBUF, body: EXPORT_JSON });
  expect(response.status).toBe(400);
  expect((await statusOf(response)).message).toBe("The body is JSON. Send it with content-type: application/json.");
  expect(bench.traceWriter.exports).toHaveLength(before);
});

test.each([
  { type: PROTOBUF, gzip: false, body: Buffer.alloc(17 * 1024) },
  { type: PROTOBUF, gzip: true, body: Buffer.alloc(10_000_000) },
  { type: JSON_TYPE, gzip: false, body: " ".repeat(17 * 1024) },
  { type: JSON_TYPE, gzip: true, body: " ".repeat(10_000_000) },
])("an export over the limit as $type, gzip $gzip, is 413 and goes nowhere", async (sent) => {
  const before = bench.traceWriter.exports.length;
  const response = await post(sent);
  expect(response.status).toBe(413);
  expect(await statusOf(response)).toMatchObject({ code: 8, message: expect.stringContaining("otlpBytesMax") });
  if (sent.gzip) expect(gzipSync(sent.body).length).toBeLessThan(16 * 1024);
  expect(bench.traceWriter.exports.length).toBe(before);
});

test.each([
  ["text that is not JSON", "{", "The body is not JSON"],
  ["no body", "", "The body is not JSON"],
  ["a list", "[]", "the body: must be an object"],
  [
    "a wrong member",
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{},{"name":7}]}]}]}',
    "resourceSpans[0].scopeSpans[0].spans[1].name: must be text",
  ],
  [
    "an id that is not hex",
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz="}]}]}]}',
    "spans[0].traceId: must be hex digits",
  ],
  [
    "an enum by its name",
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SPAN_KIND_SERVER"}]}]}]}',
    "spans[0].kind: must be the enum's number",
  ],
])("bad JSON (%s) is 400 and says where", async (_what, body, message) => {
  for (const gzip of [false, true]) {
    const response = await post({ type: JSON_TYPE, gzip, body });
    expect(response.status).toBe(400);
    expect(await statusOf(response)).toMatchObject({ code: 3, message: expect.stringContaining(message) });
  }
});

test.each([PROTOBUF, JSON_TYPE])("a body as %s that is not gzip though it says so is 400", async (type) => {
  const response = await post({ type, body: "not gzip", headers: { "content-encoding": "gzip" } });
  expect(response.status).toBe(400);
  expect(await statusOf(response)).toMatchObject({ code: 3, message: expect.stringContaining("gzip") });
});

test.each([
  { type: "text/plain", body: "{}" },
  { type: "application/x-www-form-urlencoded", gzip: true, body: "{}" },
  { type: PROTOBUF, body: EXPORT_PROTOBUF, headers: { "content-encoding": "br" } },
  { type: JSON_TYPE, body: EXPORT_JSON, headers: { "content-encoding": "deflate" } },
])("a $type that cannot be read is 415", async (sent) => {
  const response = await post(sent);
  expect(response.status).toBe(415);
  expect(await statusOf(response)).toMatchObject({ code: 3 });
});

test.each([
  [new ServiceError("invalid_request", "No span has an id."), 400, 3, null],
  [new ServiceError("overloaded", "The store is behind. Try again.", { retryAfterMs: 2000 }), 503, 8, "2"],
  [new ServiceError("unavailable", "Draining."), 503, 14, null],
  [new ServiceError("internal", "Went wrong."), 500, 13, null],
])(
  "a failure of the trace-writer (%s) is a google.rpc.Status with status %i",
  async (error, status, code, retryAfter) => {
    bench.traceWriter.exportAnswer = error;
    for (const sent of ENCODINGS) {
      const response = await post(sent);
      expect(response.status).toBe(status);
      expect(response.headers.get("retry-after")).toBe(retryAfter);
      expect(await statusOf(response)).toEqual({ code, message: error.message });
    }
  },
);
