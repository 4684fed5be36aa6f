import { expect, test } from "vitest";
import { retryAfterMsOf, retryDelayMsOf } from "../../../services/trace-writer/core/forwarding/retry-after.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

test.each([
  ["seconds", "7", 7000],
  ["no time at all", "0", 0],
  ["a date", new Date(NOW_MS + 5000).toUTCString(), 5000],
  ["a date that is past", new Date(NOW_MS - 5000).toUTCString(), 0],
  ["more than an hour", "999999", 3_600_000],
  ["a date next year", new Date(NOW_MS + 365 * 86_400_000).toUTCString(), 3_600_000],
  ["something else", "soon", undefined],
  ["nothing", undefined, undefined],
])("a Retry-After of %s", (_what, header, expected) => {
  expect(retryAfterMsOf(header, NOW_MS)).toBe(expected);
});

test("a RetryInfo's delay is kept up to an hour", () => {
  expect(retryDelayMsOf({ seconds: 2n, nanos: 500_000_000 })).toBe(2500);
  expect(retryDelayMsOf({ seconds: 2n ** 40n, nanos: 0 })).toBe(3_600_000);
  expect(retryDelayMsOf({ seconds: -1n, nanos: 0 })).toBe(0);
});
