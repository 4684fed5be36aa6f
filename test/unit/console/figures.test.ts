import { expect, test } from "vitest";
import { costText, countText, durationText, percentText } from "../../../console/src/format/figures.ts";

test("durations have the unit that fits them", () => {
  const ms = [0, 0.0004, 0.84, 4.04, 42.4, 999, 1240, 12_345, 185_000, 7_440_000];
  expect(ms.map(durationText)).toEqual([
    "0 ms",
    "1 µs",
    "840 µs",
    "4 ms",
    "42 ms",
    "999 ms",
    "1.24 s",
    "12.3 s",
    "3 m 5 s",
    "2 h 4 m",
  ]);
});

test("counts are whole as long as they are short", () => {
  expect([0, 1204, 12_400, 3_100_000n].map(countText)).toEqual(["0", "1,204", "12.4 k", "3.1 M"]);
});

test("costs have as many digits as it takes to see them", () => {
  expect([0n, 1n, 82_000n, 1_230_000n, 41_000_000n, 12_345_000_000n].map(costText)).toEqual([
    "$0",
    "$0.000000001",
    "$0.000082",
    "$0.0012",
    "$0.041",
    "$12.35",
  ]);
});

test("shares", () => {
  expect([0, 0.004, 0.12, 1].map(percentText)).toEqual(["0 %", "0.4 %", "12 %", "100 %"]);
});
