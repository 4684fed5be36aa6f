import fc from "fast-check";
import { expect, test } from "vitest";
import { type Every, limitWindowAt } from "../../../services/gateway/core/limits/limit-window.ts";

const EVERY: readonly Every[] = ["second", "minute", "hour", "day", "week", "month"];
const at = (time: string) => Date.parse(time);

test("a window holds its moment, and the next one begins where it ends", () => {
  fc.assert(
    fc.property(fc.constantFrom(...EVERY), fc.integer({ min: 0, max: at("2100-01-01T00:00:00Z") }), (every, nowMs) => {
      const { startMs, endMs } = limitWindowAt(every, nowMs);
      expect(startMs).toBeLessThanOrEqual(nowMs);
      expect(endMs).toBeGreaterThan(nowMs);
      expect(limitWindowAt(every, startMs)).toEqual({ startMs, endMs });
      expect(limitWindowAt(every, endMs - 1)).toEqual({ startMs, endMs });
      expect(limitWindowAt(every, endMs).startMs).toBe(endMs);
    }),
  );
});

test("windows go by the calendar", () => {
  const now = at("2028-02-29T23:59:59.999Z");
  expect(limitWindowAt("month", now)).toEqual({ startMs: at("2028-02-01"), endMs: at("2028-03-01") });
  expect(limitWindowAt("week", now)).toEqual({ startMs: at("2028-02-28"), endMs: at("2028-03-06") });
  expect(limitWindowAt("day", now)).toEqual({ startMs: at("2028-02-29"), endMs: at("2028-03-01") });
});
