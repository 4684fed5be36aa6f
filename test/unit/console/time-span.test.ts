import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketsOf, spanBefore, timeSpanOf } from "../../../console/src/time/time-span.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 24, 9, 41, 7);

test("a day is cut into hours, from the beginning of one on", () => {
  const span = timeSpanOf({ kind: "last", ms: 24 * HOUR }, NOW, NOW);
  expect(span).toEqual({ fromMs: Date.UTC(2026, 10, 23, 9), toMs: NOW, bucketMs: HOUR });
  expect(bucketsOf(span)).toHaveLength(25);
});

test("what has no beginning begins with the first there is", () => {
  const { fromMs, bucketMs } = timeSpanOf({ kind: "all" }, NOW, NOW - 30 * 24 * HOUR);
  expect(fromMs).toBeLessThanOrEqual(NOW - 30 * 24 * HOUR);
  expect(bucketMs).toBe(12 * HOUR);
});

test("any range has its moments in buckets, few enough, and one of the same length before it", () => {
  const moment = fc.integer({ min: 0, max: NOW });
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      const [fromMs, toMs] = a < b ? [a, b] : [b, a + 1];
      const span = timeSpanOf({ kind: "between", fromMs, toMs }, NOW, 0);
      const buckets = bucketsOf(span);
      expect(span.fromMs).toBeLessThanOrEqual(fromMs);
      expect(buckets[0]).toBe(span.fromMs);
      expect(buckets.length).toBeLessThanOrEqual(74);
      const last = buckets.at(-1) ?? 0;
      expect(last).toBeLessThanOrEqual(toMs);
      expect(last + span.bucketMs).toBeGreaterThanOrEqual(toMs);
      const before = spanBefore(span);
      expect(before.toMs - before.fromMs).toBe(span.toMs - span.fromMs);
      if (span.fromMs % span.bucketMs === 0) expect(Math.abs(before.fromMs) % span.bucketMs).toBe(0);
      else expect(before.toMs).toBe(span.fromMs);
      expect(before.toMs).toBeLessThanOrEqual(span.fromMs);
      expect(before.toMs).toBeGreaterThan(span.fromMs - span.bucketMs);
    }),
  );
});

test("what is before a range that starts with an hour starts with one too, and is cut at the same place", () => {
  const span = timeSpanOf({ kind: "last", ms: 7 * 24 * HOUR }, NOW, NOW);
  const before = spanBefore(span);
  expect([span.bucketMs, span.fromMs % HOUR, before.fromMs % HOUR]).toEqual([4 * HOUR, 0, 0]);
  expect(before.toMs % span.bucketMs).toBe(NOW % span.bucketMs);
});
