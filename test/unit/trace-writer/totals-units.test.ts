import fc from "fast-check";
import { expect, test } from "vitest";
import { HOUR_NS, totalsUnitsOf } from "../../../services/trace-writer/core/totals/totals-units.ts";

const DAY_NS = HOUR_NS * 24n;
const hours = (from: bigint, count: number) =>
  Array.from({ length: count }, (_, index) => ({ hour: from + BigInt(index), changed: BigInt(index) }));

test("a day within a bucket is one piece, which changes with each of its hours", () => {
  const units = totalsUnitsOf({ fromNs: 0n, toNs: 2n * DAY_NS, bucketNs: DAY_NS }, hours(0n, 48));
  expect(units).toEqual([
    { fromNs: 0n, toNs: DAY_NS, version: 276n, hours: hours(0n, 24).map(({ hour }) => hour) },
    { fromNs: DAY_NS, toNs: 2n * DAY_NS, version: 852n, hours: hours(24n, 24).map(({ hour }) => hour) },
  ]);
});

test("where buckets are shorter hours are pieces, and at their edges parts of hours", () => {
  const request = { fromNs: HOUR_NS / 2n, toNs: 3n * HOUR_NS, bucketNs: 2n * HOUR_NS };
  expect(totalsUnitsOf(request, hours(0n, 3))).toEqual([
    { fromNs: HOUR_NS / 2n, toNs: HOUR_NS, version: 0n, hours: [] },
    { fromNs: HOUR_NS, toNs: 2n * HOUR_NS, version: 1n, hours: [1n] },
    { fromNs: 2n * HOUR_NS, toNs: 2n * HOUR_NS + HOUR_NS / 2n, version: 2n, hours: [] },
    { fromNs: 2n * HOUR_NS + HOUR_NS / 2n, toNs: 3n * HOUR_NS, version: 2n, hours: [] },
  ]);
});

test("hours without traces are no pieces", () => {
  const request = { fromNs: 0n, toNs: HOUR_NS * 10n, bucketNs: HOUR_NS };
  expect(totalsUnitsOf(request, [{ hour: 7n, changed: 1n }])).toHaveLength(1);
});

test("whatever is asked for, every moment of an hour with traces is in one piece, within one bucket", () => {
  const times = fc.record({
    fromNs: fc.bigInt({ min: 0n, max: 4n * DAY_NS }),
    lengthNs: fc.bigInt({ min: 1n, max: 4n * DAY_NS }),
    bucketNs: fc.oneof(fc.constantFrom(HOUR_NS, DAY_NS), fc.bigInt({ min: HOUR_NS / 8n, max: 3n * DAY_NS })),
  });
  fc.assert(
    fc.property(times, fc.uniqueArray(fc.integer({ min: 0, max: 200 })), ({ fromNs, lengthNs, bucketNs }, some) => {
      const toNs = fromNs + lengthNs;
      const among = some
        .toSorted((a, b) => a - b)
        .map((hour) => ({ hour: BigInt(hour), changed: 1n }))
        .filter(({ hour }) => hour * HOUR_NS < toNs && (hour + 1n) * HOUR_NS > fromNs);
      const units = totalsUnitsOf({ fromNs, toNs, bucketNs }, among);
      let before = fromNs;
      for (const unit of units) {
        expect(unit.fromNs >= before && unit.toNs > unit.fromNs && unit.toNs <= toNs).toBe(true);
        expect((unit.fromNs - fromNs) / bucketNs).toBe((unit.toNs - 1n - fromNs) / bucketNs);
        before = unit.toNs;
      }
      for (const { hour } of among) {
        const [begin, end] = [hour * HOUR_NS, (hour + 1n) * HOUR_NS];
        const [first, last] = [begin > fromNs ? begin : fromNs, (end < toNs ? end : toNs) - 1n];
        for (const at of [first, last]) {
          expect(units.filter((unit) => unit.fromNs <= at && at < unit.toNs)).toHaveLength(1);
        }
      }
    }),
  );
});
