import fc from "fast-check";
import { expect, test } from "vitest";
import { trimReasonsOf } from "../../../services/trace-writer/core/retention/retention.ts";

const someTraces = fc
  .array(fc.record({ startNs: fc.bigInt(1n, 1000n), bytes: fc.bigInt(0n, 100n) }), { maxLength: 20 })
  .map((traces) => traces.toSorted((a, b) => Number(a.startNs - b.startNs)));
const someLimits = fc.record({
  startNsMin: fc.option(fc.bigInt(1n, 1000n), { nil: undefined }),
  tracesMax: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  bytesMax: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
});

test("the oldest go until everything is within every limit, and not one more", () => {
  fc.assert(
    fc.property(someTraces, someLimits, (traces, kept) => {
      const bytesOf = (some: typeof traces) => some.reduce((sum, { bytes }) => sum + bytes, 0n);
      const isWithin = (some: typeof traces) =>
        some.every(({ startNs }) => startNs >= (kept.startNsMin ?? 0n)) &&
        some.length <= (kept.tracesMax ?? Number.POSITIVE_INFINITY) &&
        Number(bytesOf(some)) <= (kept.bytesMax ?? Number.POSITIVE_INFINITY);
      const size = { traces: BigInt(traces.length), bytes: bytesOf(traces) };
      const { length } = trimReasonsOf(traces, size, kept);
      expect(isWithin(traces.slice(length))).toBe(true);
      if (length > 0) expect(isWithin(traces.slice(length - 1))).toBe(false);
    }),
  );
});

test("a trace that is beyond several limits has the first reason", () => {
  const traces = [1n, 2n, 3n, 4n].map((startNs) => ({ startNs, bytes: 10n }));
  const size = { traces: 4n, bytes: 40n };
  expect(trimReasonsOf(traces, size, { startNsMin: 2n, tracesMax: 2, bytesMax: 10 })).toEqual([
    "age",
    "count",
    "bytes",
  ]);
  expect(trimReasonsOf(traces, size, {})).toEqual([]);
});
