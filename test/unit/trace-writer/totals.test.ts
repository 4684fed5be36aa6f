import fc from "fast-check";
import { expect, test } from "vitest";
import { LatencySketch } from "../../../services/trace-writer/core/totals/latency-sketch.ts";
import { Totals, type TotalsRequest } from "../../../services/trace-writer/core/totals/totals.ts";
import type { TotalsSample } from "../../../services/trace-writer/core/totals/totals-cell.ts";

const nanos = fc.bigInt({ min: 0n, max: 10n ** 15n });

test("a percentile is within one percent of the time of its rank, and the longest is exact", () => {
  fc.assert(
    fc.property(fc.array(nanos, { minLength: 1, maxLength: 200 }), (times) => {
      const sketch = new LatencySketch();
      for (const time of times) sketch.add(time);
      const summary = sketch.summary();
      const sorted = times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      for (const percent of [50, 90, 95, 99] as const) {
        const exact = Number(sorted[Math.ceil((percent / 100) * sorted.length) - 1]);
        const told = Number(summary?.[`p${percent}`]);
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(exact * 0.01 + 0.5);
      }
      expect(summary?.max).toBe(sorted.at(-1));
      expect(summary?.count).toBe(times.length);
    }),
  );
});

const request: TotalsRequest = {
  experimentIds: [],
  fromNs: 100n,
  toNs: 200n,
  bucketNs: 10n,
  of: "billed",
  groupBy: "endpoint",
  groupsMax: 2,
};
const sample: fc.Arbitrary<TotalsSample> = fc.record({
  startNs: fc.bigInt({ min: 100n, max: 199n }),
  group: fc.constantFrom("a", "b", "c", "d"),
  failed: fc.boolean(),
  usage: fc.option(fc.record({ inputTokens: fc.bigInt({ min: 0n, max: 9n }) }), { nil: undefined }),
  cost: fc.option(fc.constant({ inputNanoUsd: 1n, outputNanoUsd: 2n, totalNanoUsd: 3n }), { nil: undefined }),
  latencyNs: nanos,
  firstTokenNs: fc.option(nanos, { nil: undefined }),
});
const pointsOf = (samples: readonly TotalsSample[]) => {
  const totals = new Totals(request);
  for (const one of samples) totals.add(one);
  return totals.points();
};

test("the order of samples changes nothing, and nothing is lost or counted twice", () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 40 }), (samples) => {
      const points = pointsOf(samples);
      expect(pointsOf(samples.toReversed())).toEqual(points);
      expect(points.reduce((sum, { requests }) => sum + requests, 0)).toBe(samples.length);
      expect(points.reduce((sum, { errors }) => sum + errors, 0)).toBe(samples.filter(({ failed }) => failed).length);
      const tokens = samples.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0n), 0n);
      expect(points.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0n), 0n)).toBe(tokens);
      expect(new Set(points.filter(({ isOther }) => !isOther).map(({ group }) => group)).size).toBeLessThanOrEqual(2);
    }),
  );
});

test("more groups and buckets than can be held are refused in words", () => {
  const totals = new Totals({ ...request, toNs: 1_000_000n });
  const add = (n: number) =>
    totals.add({
      startNs: 100n + BigInt(n),
      group: `g${n}`,
      failed: false,
      usage: undefined,
      cost: undefined,
      latencyNs: 1n,
      firstTokenNs: undefined,
    });
  for (let n = 0; n < 50_000; n += 1) add(n);
  expect(() => add(50_001)).toThrow("more than 50000 groups and buckets");
});

test("groups whose times are far apart are refused before they take more memory than they may", () => {
  const totals = new Totals({ ...request, groupBy: "endpoint" }, 1024 * 1024);
  const add = (group: number) => {
    for (const latencyNs of [1n, 10n ** 18n]) {
      const usage = undefined;
      totals.add({
        startNs: 100n,
        group: `${group}`,
        failed: false,
        usage,
        cost: undefined,
        latencyNs,
        firstTokenNs: latencyNs,
      });
    }
  };
  // Each takes some 35 KB.
  for (let group = 0; group < 20; group += 1) add(group);
  expect(() => {
    for (let group = 20; group < 50; group += 1) add(group);
  }).toThrow("more than 1 MiB of groups and buckets");
});
