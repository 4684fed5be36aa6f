import fc from "fast-check";
import { expect, test } from "vitest";
import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { raw } from "../../../services/gateway/dialects/raw/raw.ts";
import { recordedBodyOf } from "../../../services/gateway/dialects/raw/recorded.ts";
import { cutAt } from "./cut-at.ts";

const invocation = (path: string, also: { query?: string; method?: string; body?: string } = {}): Invocation => ({
  dialect: Dialect.DIALECT_RAW,
  endpoint: "e",
  body: Buffer.from(also.body ?? ""),
  target: { method: also.method ?? "", path, query: also.query ?? "" },
  headers: [],
  credentials: [],
});
const faultOf = (...args: Parameters<typeof invocation>) => raw.readRequest(invocation(...args)).fault;

test.each([
  ["/v1/audio/speech", {}],
  ["/", {}],
  ["/files/a%20b:content;v=1/x@y", { query: "a[]=1&b=%2F?" }],
  ["/...", {}],
  ["/a/.well-known", { method: "GET" }],
  [`/${"x".repeat(2_047)}`, { query: "q".repeat(4_096) }],
])("a raw request may go to %s", (path, also) => {
  expect(faultOf(path, also)).toBeUndefined();
});

test.each([
  ["", {}, "target.path", "begin with a slash"],
  ["v1/x", {}, "target.path", "begin with a slash"],
  ["/a/../b", {}, "target.path", "dots"],
  ["/a/.", {}, "target.path", "dots"],
  ["/a/%2e%2E/b", {}, "target.path", "dots"],
  ["/a/.%2e", {}, "target.path", "dots"],
  ["/a%2f..%2fb", {}, "target.path", "dots"],
  ["/a%5c..%5Cb", {}, "target.path", "dots"],
  ["/a/..;x/b", {}, "target.path", "dots"],
  ["/a\\..\\b", {}, "target.path", "percent-encoded"],
  ["/a b", {}, "target.path", "percent-encoded"],
  ["/a?b", {}, "target.path", "percent-encoded"],
  ["/a#b", {}, "target.path", "percent-encoded"],
  ["/a%2", {}, "target.path", "percent-encoded"],
  ["/\u00e4", {}, "target.path", "percent-encoded"],
  ["/a\n", {}, "target.path", "percent-encoded"],
  [`/${"x".repeat(2_048)}`, {}, "target.path", "2048"],
  ["/a", { query: "q".repeat(4_097) }, "target.query", "4096"],
  ["/a", { query: "a=b#c" }, "target.query", "percent-encoded"],
  ["/a", { query: "a=1&key=secret" }, "target.query", "credentials"],
  ["/a", { query: "Access_Token=secret" }, "target.query", "credentials"],
  ["/a", { query: "%6bey=secret" }, "target.query", "credentials"],
  ["/a", { method: "TRACE" }, "target.method", "GET, POST"],
  ["/a", { method: "GET", body: "{}" }, "body", "no body"],
])("a raw request to %j (%j) is refused", (path, also, field, words) => {
  const fault = faultOf(path, also);
  expect(fault).toMatchObject({ kind: "invalid_request", field, message: expect.stringContaining(words) });
  expect(fault?.message).not.toContain("secret");
});

test("no path that passes leads out of the base URL", () => {
  const segment = fc.constantFrom(
    "a",
    ".",
    "..",
    "%2e",
    "%2E.",
    "%2f",
    "%5c",
    "\\",
    ";",
    "",
    "%252e%252e",
    "@h",
    "%00",
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 8 }), fc.constantFrom("", "/"), (segments, slash) => {
      const path = slash + segments.join("/");
      if (faultOf(path) !== undefined) return;
      const url = new URL(`https://host/base/v1${path}`);
      expect(url.host).toBe("host");
      expect(url.pathname).toBe(`/base/v1${path}`);
    }),
    { numRuns: 2_000 },
  );
});

test("an endpoint is named beside the body, or the request is refused", () => {
  const request = raw.readRequest({ ...invocation("/a"), endpoint: "" });
  expect(request).toMatchObject({ endpointName: undefined, fault: { kind: "invalid_request", field: "endpoint" } });
  expect(raw.readRequest({ ...invocation("/a"), target: undefined }).fault?.field).toBe("target.path");
});

const bodies = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);
const types = fc.constantFrom(
  "application/json",
  "application/problem+json; charset=utf-8",
  "text/event-stream",
  "audio/mpeg",
  "",
);

test("what is recorded of an answer is JSON within its limit, however the answer was cut on its way", () => {
  fc.assert(
    fc.property(
      bodies,
      types,
      fc.integer({ min: 60, max: 120 }),
      fc.array(fc.nat(60)),
      (body, contentType, max, cuts) => {
        const tap = raw.createStreamTap({ contentType, payloadBytesMax: max, eventBytesMax: 1, withholdUsage: false });
        const passed = cutAt(body, cuts).map((piece) => tap.push(piece, 0n));
        expect(Buffer.concat(passed)).toEqual(body);
        expect(tap.end()).toHaveLength(0);
        const recorded = tap.reduced();
        expect(recorded).toEqual(recordedBodyOf(body, contentType, max));
        expect(recorded?.bytes.length).toBeLessThanOrEqual(max);
        if (!contentType.includes("json")) expect(typeof JSON.parse(recorded?.bytes.toString() ?? "")).toBe("string");
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each([
  ["application/json", '{ "a": 1 }', 20, '{ "a": 1 }', false],
  ["application/json", '{"a":"bcdefgh"}', 9, '"{\\"a"', true],
  ["text/plain", 'say "hi"', 20, '"say \\"hi\\""', false],
  ["text/plain", "\u00e4\u00e4\u00e4\u00e4", 8, '"\u00e4"', true],
  ["text/plain", "four", 3, '""', true],
])("%s %j is recorded, up to %i bytes, as %j", (contentType, body, max, recorded, truncated) => {
  const { bytes, ...rest } = recordedBodyOf(Buffer.from(body), contentType, max);
  expect({ text: bytes.toString(), ...rest }).toEqual({ text: recorded, truncated });
});

test("what is no text is recorded as a data URL, whole or its beginning", () => {
  const bytes = Buffer.from([0xff, 0xfb, 0x00, 0x01, 0x02, 0x03]);
  const whole = recordedBodyOf(bytes, "audio/mpeg; rate=1", 100);
  expect(JSON.parse(whole.bytes.toString())).toBe(`data:audio/mpeg;base64,${bytes.toString("base64")}`);
  expect(whole.truncated).toBe(false);
  const cut = recordedBodyOf(bytes, "audio/mpeg", 30);
  expect(JSON.parse(cut.bytes.toString())).toBe(`data:audio/mpeg;base64,${bytes.subarray(0, 3).toString("base64")}`);
  expect(cut).toMatchObject({ truncated: true });
  expect(recordedBodyOf(bytes, "no type", 100).bytes.toString()).toContain("data:application/octet-stream;");
});
