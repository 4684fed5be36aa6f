import fc from "fast-check";
import { expect, test } from "vitest";
import { retryAfterMsOf } from "../../../services/gateway/providers/passed-headers.ts";

const NOW = Date.parse("2026-11-24T10:00:00Z");
const DAY_MS = 86_400_000;

test.each([
  [[["retry-after", "2"]], 2_000],
  [[["retry-after", "0"]], 0],
  [[["retry-after", "1.5"]], 1_500],
  [[["retry-after", "Tue, 24 Nov 2026 10:00:07 GMT"]], 7_000],
  [[["retry-after", "Tue, 24 Nov 2026 09:00:00 GMT"]], 0],
  [[["retry-after-ms", "1200.25"]], 1_201],
  [
    [
      ["retry-after-ms", "20"],
      ["retry-after", "9"],
    ],
    20,
  ],
  [
    [
      ["retry-after-ms", "soon"],
      ["retry-after", "9"],
    ],
    9_000,
  ],
  [[["retry-after", "999999999"]], DAY_MS],
  [[["retry-after", "later"]], undefined],
  [[], undefined],
] as const)("%j is %j ms", (headers, ms) => {
  expect(retryAfterMsOf(headers, NOW)).toEqual(ms);
});

test("whatever a provider writes, it comes to whole milliseconds of a day, or to nothing", () => {
  const value = fc.oneof(fc.string(), fc.double().map(String), fc.date({ noInvalidDate: true }).map(String));
  fc.assert(
    fc.property(fc.constantFrom("retry-after", "retry-after-ms"), value, (name, text) => {
      const ms = retryAfterMsOf([[name, text]], NOW);
      if (ms === undefined) return;
      expect(Number.isInteger(ms)).toBe(true);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(DAY_MS);
    }),
  );
});
