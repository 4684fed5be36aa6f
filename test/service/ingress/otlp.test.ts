import { once } from "node:events";
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parseOtlpJson } from "#lib/otlp-json/otlp-json.ts";
import { ServiceError } from "#lib/service-error.ts";
import { Status } from "#proto/google/rpc/status.ts";
import {
  ExportTraceServiceRequest,
  ExportTraceServiceResponse,
} from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";

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
const EXPORT_PROTOBUF = Buffer.from(ExportTraceServiceRequest.encode(parseOtlpJson(Buffer.from(EXPORT_JSON))).finish());

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun({ otlpBytesMax: 16 * 1024 });
});
afterAll(() => run[Symbol.asyncDispose]());
beforeEach(() => {
  run.traceWriter.exportAnswer = { partialSuccess: undefined };
});

const COMPRESSED = {
  identity: (body: string | Buffer) => Buffer.from(body),
  gzip: (body: string | Buffer) => gzipSync(body),
  "x-gzip": (body: string | Buffer) => gzipSync(body),
  zstd: (body: string | Buffer) => zstdCompressSync(body),
} as const;

interface Sent {
  readonly type: string;
  readonly encoding?: keyof typeof COMPRESSED;
  readonly body: string | Buffer;
  readonly headers?: Record<string, string>;
}

function post({ type, encoding = "identity", body, headers = {} }: Sent): Promise<Response> {
  return fetch(`${run.ingress.url}/v1/traces`, {
    method: "POST",
    body: new Uint8Array(COMPRESSED[encoding](body)),
    headers: { "content-type": type, ...(encoding === "identity" ? {} : { "content-encoding": encoding }), ...headers },
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
  { type: PROTOBUF, encoding: "identity", body: EXPORT_PROTOBUF },
  { type: PROTOBUF, encoding: "gzip", body: EXPORT_PROTOBUF },
  { type: PROTOBUF, encoding: "zstd", body: EXPORT_PROTOBUF },
  { type: JSON_TYPE, encoding: "identity", body: EXPORT_JSON },
  { type: JSON_TYPE, encoding: "x-gzip", body: EXPORT_JSON },
  { type: JSON_TYPE, encoding: "zstd", body: EXPORT_JSON },
  { type: "application/json; charset=utf-8", encoding: "identity", body: EXPORT_JSON },
] as const;

test.each(ENCODINGS)("an export as $type, $encoding, arrives whole with its experiment", async (sent) => {
  const headers = {
    "X-MLflow-Experiment-Id": "5",
    "x-twinspan-experiment": "my agent",
    authorization: "Bearer secret",
  };
  const response = await post({ ...sent, headers });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(sent.type === PROTOBUF ? "" : "{}");
  expect(response.headers.get("content-type")).toContain(sent.type.split(";")[0]);
  const arrived = run.traceWriter.exports.at(-1);
  expect(arrived?.request).toEqual(parseOtlpJson(Buffer.from(EXPORT_JSON)));
  expect(arrived?.metadata).toMatchObject({ "x-mlflow-experiment-id": "5", "x-twinspan-experiment": "my agent" });
  expect(Object.keys(arrived?.metadata ?? {})).not.toContain("authorization");
});

test.each(ENCODINGS)("what was not taken of an export as $type, $encoding, is said in the answer", async (sent) => {
  run.traceWriter.exportAnswer = { partialSuccess: { rejectedSpans: 3n, errorMessage: "sealed" } };
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
  { type: PROTOBUF, encoding: "identity", body: "" },
  { type: PROTOBUF, encoding: "gzip", body: "" },
  { type: JSON_TYPE, encoding: "identity", body: "{}" },
  { type: JSON_TYPE, encoding: "gzip", body: '{"resourceSpans":[],"futureField":1}' },
  { type: PROTOBUF, encoding: "zstd", body: "" },
  { type: JSON_TYPE, encoding: "zstd", body: '{"resourceSpans":[{}]}' },
] as const)("an empty export as $type, $encoding, succeeds", async (sent) => {
  expect((await post(sent)).status).toBe(200);
});

test("an export in JSON that is said to be protobuf is 400, rather than an export of no spans", async () => {
  const before = run.traceWriter.exports.length;
  const response = await post({ type: PROTOBUF, body: EXPORT_JSON });
  expect(response.status).toBe(400);
  expect((await statusOf(response)).message).toBe("The body is JSON. Send it with content-type: application/json.");
  expect(run.traceWriter.exports).toHaveLength(before);
});

test.each([
  { type: PROTOBUF, encoding: "identity", body: Buffer.alloc(17 * 1024) },
  { type: PROTOBUF, encoding: "gzip", body: Buffer.alloc(10_000_000) },
  { type: JSON_TYPE, encoding: "identity", body: " ".repeat(17 * 1024) },
  { type: JSON_TYPE, encoding: "gzip", body: " ".repeat(10_000_000) },
  { type: PROTOBUF, encoding: "zstd", body: Buffer.alloc(10_000_000) },
  { type: JSON_TYPE, encoding: "zstd", body: " ".repeat(10_000_000) },
] as const)("an export over the limit as $type, $encoding, is 413 and goes nowhere", async (sent) => {
  const before = run.traceWriter.exports.length;
  const response = await post(sent);
  expect(response.status).toBe(413);
  expect(await statusOf(response)).toMatchObject({ code: 8, message: expect.stringContaining("otlpBytesMax") });
  if (sent.encoding !== "identity") expect(COMPRESSED[sent.encoding](sent.body).length).toBeLessThan(16 * 1024);
  expect(run.traceWriter.exports.length).toBe(before);
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
    "a word that is no enum's name",
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"SERVER"}]}]}]}',
    "spans[0].kind: must be the enum's number",
  ],
])("bad JSON (%s) is 400 and says where", async (_what, body, message) => {
  for (const encoding of ["identity", "gzip", "zstd"] as const) {
    const response = await post({ type: JSON_TYPE, encoding, body });
    expect(response.status).toBe(400);
    expect(await statusOf(response)).toMatchObject({ code: 3, message: expect.stringContaining(message) });
  }
});

test.each([
  [PROTOBUF, "gzip"],
  [JSON_TYPE, "gzip"],
  [PROTOBUF, "zstd"],
  [JSON_TYPE, "zstd"],
] as const)("a body as %s that is not %s though it says so, or is cut, is 400", async (type, encoding) => {
  const whole = COMPRESSED[encoding](EXPORT_JSON);
  for (const body of [Buffer.from("neither"), whole.subarray(0, whole.length - 3), whole.subarray(0, 5)]) {
    const response = await post({ type, body, headers: { "content-encoding": encoding } });
    expect(response.status).toBe(400);
    expect(await statusOf(response)).toMatchObject({ code: 3, message: expect.stringContaining(encoding) });
  }
});

test("a zstd frame that asks for more than 8 MiB of memory is 400, as RFC 9659 has it", async () => {
  const frame = createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: 24 } });
  const pieces: Buffer[] = [];
  frame.on("data", (piece: Buffer) => pieces.push(piece));
  frame.write(EXPORT_PROTOBUF);
  frame.end();
  await once(frame, "end");
  const response = await post({ type: PROTOBUF, body: Buffer.concat(pieces), headers: { "content-encoding": "zstd" } });
  expect(response.status).toBe(400);
});

test.each([
  { type: "text/plain", body: "{}" },
  { type: "application/x-www-form-urlencoded", encoding: "gzip", body: "{}" } as const,
  { type: PROTOBUF, body: EXPORT_PROTOBUF, headers: { "content-encoding": "br" } },
  { type: JSON_TYPE, body: EXPORT_JSON, headers: { "content-encoding": "deflate" } },
])("a $type that cannot be read is 415", async (sent) => {
  const response = await post(sent);
  expect(response.status).toBe(415);
  expect(await statusOf(response)).toMatchObject({ code: 3 });
});

test("the trace-writer's answer to a span too many reaches the sender as a size, which is not tried again", async () => {
  run.traceWriter.exportAnswer = new ServiceError("request_too_large", "The export holds more than 100000 spans.");
  const response = await post({ type: PROTOBUF, body: EXPORT_PROTOBUF });
  expect(response.status).toBe(413);
  expect(response.headers.get("retry-after")).toBeNull();
});

test.each([
  [new ServiceError("rate_limited", "Too often.", { retryAfterMs: 500 }), 429, 8, "1"],
  [new ServiceError("deadline_exceeded", "Took too long."), 504, 4, null],
  [new ServiceError("invalid_request", "No span has an id."), 400, 3, null],
  [new ServiceError("overloaded", "The store is behind. Try again.", { retryAfterMs: 2000 }), 503, 8, "2"],
  [new ServiceError("unavailable", "Draining."), 503, 14, null],
  [new ServiceError("internal", "Went wrong."), 500, 13, null],
])(
  "a failure of the trace-writer (%s) is a google.rpc.Status with status %i",
  async (error, status, code, retryAfter) => {
    run.traceWriter.exportAnswer = error;
    for (const sent of ENCODINGS) {
      const response = await post(sent);
      expect(response.status).toBe(status);
      expect(response.headers.get("retry-after")).toBe(retryAfter);
      expect(await statusOf(response)).toEqual({ code, message: error.message });
    }
  },
);
