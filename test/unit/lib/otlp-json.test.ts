import fc from "fast-check";
import { expect, test } from "vitest";
import { formatOtlpJson, parseOtlpJson } from "#lib/otlp-json/otlp-json.ts";
import { ServiceError } from "#lib/service-error.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

function parseSpan(span: unknown): Span | undefined {
  const text = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  return parseOtlpJson(Buffer.from(text)).resourceSpans[0]?.scopeSpans[0]?.spans[0];
}

function parseValue(value: unknown) {
  return parseSpan({ attributes: [{ key: "k", value }] })?.attributes[0]?.value?.value;
}

test("ids are hex in any case, and links have them too", () => {
  const span = parseSpan({
    traceId: "5B8EFFF798038103D269B633813FC60C",
    spanId: "eee19b7ec3c1b174",
    links: [{ traceId: "5b8efff798038103d269b633813fc60c", spanId: "EEE19B7EC3C1B174", flags: 257 }],
  });
  expect(span?.traceId.toString("hex")).toBe("5b8efff798038103d269b633813fc60c");
  expect(span?.links[0]?.spanId).toEqual(span?.spanId);
  expect(span?.links[0]?.flags).toBe(257);
});

test("times are text or numbers, and text keeps every nanosecond", () => {
  expect(parseSpan({ startTimeUnixNano: "1544712660000000001" })?.startTimeUnixNano).toBe(1544712660000000001n);
  expect(parseSpan({ startTimeUnixNano: 1000 })?.startTimeUnixNano).toBe(1000n);
  expect(parseSpan({ startTimeUnixNano: "18446744073709551615" })?.startTimeUnixNano).toBe(2n ** 64n - 1n);
});

test.each([
  [{ stringValue: "" }, { $case: "stringValue", value: "" }],
  [{ boolValue: false }, { $case: "boolValue", value: false }],
  [{ intValue: "-9223372036854775808" }, { $case: "intValue", value: -(2n ** 63n) }],
  [{ intValue: 0 }, { $case: "intValue", value: 0n }],
  [{ doubleValue: 1.5 }, { $case: "doubleValue", value: 1.5 }],
  [{ doubleValue: "NaN" }, { $case: "doubleValue", value: Number.NaN }],
  [{ doubleValue: "-Infinity" }, { $case: "doubleValue", value: Number.NEGATIVE_INFINITY }],
  [{ bytesValue: "AQI=" }, { $case: "bytesValue", value: Buffer.from([1, 2]) }],
  [{ arrayValue: {} }, { $case: "arrayValue", value: { values: [] } }],
  [
    { kvlistValue: { values: [{ key: "a", value: { intValue: "1" } }] } },
    { $case: "kvlistValue", value: { values: [{ key: "a", value: { value: { $case: "intValue", value: 1n } } }] } },
  ],
  [{}, undefined],
  [{ futureValue: 1 }, undefined],
  [{ stringValue: null }, undefined],
])("the value %j is read", (json, value) => {
  expect(parseValue(json)).toEqual(value);
});

test.each([
  [{ startTimeUnixNano: "-1" }, "startTimeUnixNano"],
  [{ startTimeUnixNano: "1.5" }, "startTimeUnixNano"],
  [{ startTimeUnixNano: "18446744073709551616" }, "startTimeUnixNano"],
  [{ startTimeUnixNano: 1.5 }, "startTimeUnixNano"],
  [{ droppedLinksCount: 4294967296 }, "droppedLinksCount"],
  [{ traceId: "abc" }, "traceId"],
  [{ traceId: 7 }, "traceId"],
  [{ status: { code: "STATUS_CODE_FINE" } }, "status.code"],
  [{ status: { code: "UNRECOGNIZED" } }, "status.code"],
  [{ kind: 2.5 }, "kind"],
  [{ events: {} }, "events"],
  [{ events: [[]] }, "events[0]"],
  [{ attributes: [{}, { key: "a", value: "b" }] }, "attributes[1].value"],
  [{ attributes: [{ key: "a", value: { intValue: true } }] }, "attributes[0].value.intValue"],
  [{ attributes: [{ key: "a", value: { bytesValue: "%" } }] }, "attributes[0].value.bytesValue"],
  [{ attributes: [{ key: "a", value: { doubleValue: "x" } }] }, "attributes[0].value.doubleValue"],
])("%j is refused with its path", (span, path) => {
  const refused = () => parseSpan(span);
  expect(refused).toThrow(ServiceError);
  expect(refused).toThrow(`resourceSpans[0].scopeSpans[0].spans[0].${path}: must be`);
});

test("numbers beyond what a double holds keep every digit, as times and as values", () => {
  const spans =
    '[{"startTimeUnixNano": 1544712660000000001, "attributes": [{"key":"k","value":{"intValue":-9223372036854775807}}]}]';
  const text = `{"resourceSpans":[{"scopeSpans":[{"spans":${spans}}]}]}`;
  const [span] = parseOtlpJson(Buffer.from(text)).resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  expect(span?.startTimeUnixNano).toBe(1544712660000000001n);
  expect(span?.attributes[0]?.value?.value).toEqual({ $case: "intValue", value: -(2n ** 63n) + 1n });
  expect(parseValue({ doubleValue: 1e300 })).toEqual({ $case: "doubleValue", value: 1e300 });
});

test("an enum is read by its number or by its name", () => {
  expect(parseSpan({ kind: 3, status: { code: 2 } })).toMatchObject({ kind: 3, status: { code: 2 } });
  expect(parseSpan({ kind: "SPAN_KIND_CLIENT", status: { code: "STATUS_CODE_ERROR" } })).toMatchObject({
    kind: 3,
    status: { code: 2 },
  });
});

test("an export of more parts than four million is refused before it is read, one of long texts is not", () => {
  const parts = (count: number, part: string) => Buffer.from(`{"unknown":[${part.repeat(count)}1]}`);
  expect(() => parseOtlpJson(parts(2_100_000, "{},"))).toThrow("holds more than 4000000 objects");
  expect(parseOtlpJson(Buffer.from(JSON.stringify({ unknown: '{[,\\"'.repeat(1_000_000) })))).toEqual({
    resourceSpans: [],
  });
});

test("an enum's number that is not known yet is no fault", () => {
  expect(parseSpan({ kind: 99 })?.kind).toBe(0);
});

test("a value nested to the limit can be encoded and decoded; one level more is refused", () => {
  const nested = (depth: number): object =>
    depth === 1 ? { intValue: "1" } : { kvlistValue: { values: [{ key: "k", value: nested(depth - 1) }] } };
  const request = parseOtlpJson(
    Buffer.from(
      JSON.stringify({
        resourceSpans: [{ scopeSpans: [{ spans: [{ links: [{ attributes: [{ key: "k", value: nested(30) }] }] }] }] }],
      }),
    ),
  );
  expect(ExportTraceServiceRequest.decode(ExportTraceServiceRequest.encode(request).finish())).toEqual(request);
  expect(() => parseSpan({ attributes: [{ key: "k", value: nested(31) }] })).toThrow("nested more than 30 deep");
});

test("whatever the text, it is read or refused, and what is read can be encoded", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), mutatedExport()), (text) => {
      try {
        ExportTraceServiceRequest.encode(parseOtlpJson(Buffer.from(text))).finish();
      } catch (error) {
        expect(error).toBeInstanceOf(ServiceError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("the answer says what was not taken, with its count as text", () => {
  expect(formatOtlpJson({ partialSuccess: undefined })).toBe("{}");
  expect(
    JSON.parse(formatOtlpJson({ partialSuccess: { rejectedSpans: 2n ** 53n + 1n, errorMessage: "why" } })),
  ).toEqual({
    partialSuccess: { rejectedSpans: "9007199254740993", errorMessage: "why" },
  });
});

/** An export in which any member may be anything. */
function mutatedExport(): fc.Arbitrary<string> {
  const anything = fc.jsonValue({ maxDepth: 2 });
  const span = fc.record(
    {
      traceId: fc.oneof(fc.constant("5b8efff798038103d269b633813fc60c"), anything),
      name: fc.oneof(fc.string(), anything),
      kind: fc.oneof(fc.integer(), anything),
      startTimeUnixNano: fc.oneof(fc.bigInt().map(String), anything),
      attributes: fc.oneof(fc.array(fc.record({ key: fc.string(), value: anything })), anything),
      events: anything,
      links: anything,
      status: anything,
    },
    { requiredKeys: [] },
  );
  return fc
    .oneof(fc.array(span), anything)
    .map((spans) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
}
