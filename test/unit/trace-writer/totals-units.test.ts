import fc from "fast-check";
import { expect, test } from "vitest";
import { HOUR_NS, totalsUnitsOf } from "../../../services/trace-writer/core/totals/totals-units.ts";

const DAY_NS = HOUR_NS * 24n;
const hours = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ hour: from + index, changed: index }));

test("half a day within a bucket is one piece, which changes with each of its hours", () => {
  const units = totalsUnitsOf({ fromNs: 0n, toNs: 2n * DAY_NS, bucketNs: DAY_NS }, hours(0, 48));
  expect(units).toHaveLength(4);
  expect(units.slice(0, 2)).toEqual([
    { fromNs: 0n, toNs: DAY_NS / 2n, version: 66, hours: hours(0, 12) },
    { fromNs: DAY_NS / 2n, toNs: DAY_NS, version: 210, hours: hours(0, 24).slice(12) },
  ]);
});

test("at the edges of buckets parts of hours are pieces", () => {
  const request = { fromNs: HOUR_NS / 2n, toNs: 3n * HOUR_NS, bucketNs: 2n * HOUR_NS };
  expect(totalsUnitsOf(request, hours(0, 3))).toEqual([
    { fromNs: HOUR_NS / 2n, toNs: HOUR_NS, version: 0, hours: [] },
    { fromNs: HOUR_NS, toNs: 2n * HOUR_NS, version: 1, hours: [{ hour: 1, changed: 1 }] },
    { fromNs: 2n * HOUR_NS, toNs: 2n * HOUR_NS + HOUR_NS / 2n, version: 2, hours: [] },
    { fromNs: 2n * HOUR_NS + HOUR_NS / 2n, toNs: 3n * HOUR_NS, version: 2, hours: [] },
  ]);
});

test("the hours of half a day that are in one bucket are one piece, whichever of them have traces", () => {
  const request = { fromNs: 30n * HOUR_NS, toNs: 54n * HOUR_NS, bucketNs: 12n * HOUR_NS };
  const some = [31, 35, 37, 50].map((hour) => ({ hour, changed: hour }));
  expect(totalsUnitsOf(request, some)).toEqual([
    { fromNs: 30n * HOUR_NS, toNs: 36n * HOUR_NS, version: 66, hours: some.slice(0, 2) },
    { fromNs: 36n * HOUR_NS, toNs: 42n * HOUR_NS, version: 37, hours: some.slice(2, 3) },
    { fromNs: 48n * HOUR_NS, toNs: 54n * HOUR_NS, version: 50, hours: some.slice(3) },
  ]);
});

test("hours without traces are no pieces", () => {
  const request = { fromNs: 0n, toNs: HOUR_NS * 10n, bucketNs: HOUR_NS };
  expect(totalsUnitsOf(request, [{ hour: 7, changed: 1 }])).toHaveLength(1);
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
        .map((hour) => ({ hour, changed: 1 }))
        .filter(({ hour }) => BigInt(hour) * HOUR_NS < toNs && BigInt(hour + 1) * HOUR_NS > fromNs);
      const units = totalsUnitsOf({ fromNs, toNs, bucketNs }, among);
      let before = fromNs;
      for (const unit of units) {
        expect(unit.fromNs >= before && unit.toNs > unit.fromNs && unit.toNs <= toNs).toBe(true);
        expect((unit.fromNs - fromNs) / bucketNs).toBe((unit.toNs - 1n - fromNs) / bucketNs);
        before = unit.toNs;
      }
      for (const { hour } of among) {
        const [begin, end] = [BigInt(hour) * HOUR_NS, BigInt(hour + 1) * HOUR_NS];
        const [first, last] = [begin > fromNs ? begin : fromNs, (end < toNs ? end : toNs) - 1n];
        for (const at of [first, last]) {
          expect(units.filter((unit) => unit.fromNs <= at && at < unit.toNs)).toHaveLength(1);
        }
      }
    }),
  );
});
