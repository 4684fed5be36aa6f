import fc from "fast-check";
import { expect, test } from "vitest";
import {
  boundsOf,
  parseTimeRange,
  TIME_RANGES,
  timeRangeLabelOf,
  timeRangeWordOf,
} from "../../../console/src/time/time-range.ts";

test("a range that was written into an address is read from it", () => {
  for (const [word] of TIME_RANGES) {
    const range = parseTimeRange(word);
    expect(range && timeRangeWordOf(range)).toBe(word);
  }
  const moments = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 1e10 }), (fromMs, ms) => {
      const range = { kind: "between", fromMs, toMs: fromMs + ms } as const;
      expect(parseTimeRange(timeRangeWordOf(range))).toEqual(range);
    }),
  );
});

test("what is no range is none, and throws never", () => {
  for (const word of ["", "0m", "5y", "1h1h", "b~a", "2026-01-02~2026-01-01", "2026~2027~2028"]) {
    expect(parseTimeRange(word)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (word) => void parseTimeRange(word)));
});

test("a range is bounded as of now", () => {
  expect(boundsOf({ kind: "last", ms: 60_000 }, 100_000)).toEqual({ fromMs: 40_000 });
  expect(boundsOf({ kind: "all" }, 1)).toEqual({});
});

test("a range has a name", () => {
  expect(timeRangeLabelOf({ kind: "last", ms: 3_600_000 }, String)).toBe("Last hour");
  expect(timeRangeLabelOf({ kind: "last", ms: 7_200_000 }, String)).toBe("Last 2h");
  expect(timeRangeLabelOf({ kind: "between", fromMs: 1, toMs: 2 }, String)).toBe("1 – 2");
});
