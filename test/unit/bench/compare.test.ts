import { expect, test } from "vitest";
import type { Cell } from "../../../bench/cell.ts";
import { compareOptionsOf } from "../../../bench/compare/options.ts";
import { comparisonOf } from "../../../bench/compare/report.ts";
import { medianInterval } from "../../../bench/results/statistics.ts";

const cell = (round: number, target: string, perSecond: number): Cell => ({
  round,
  mode: "plain-64",
  target,
  perSecond,
  calls: 1,
  errors: {},
  latencyMs: { p50: 1, p99: 1 },
  firstByteMs: { p50: 1, p99: 1 },
  gapMs: { p50: 1, p99: 1 },
  cpuMs: { all: 1000 / perSecond },
  ownCpuMs: { generator: 0, provider: 0 },
});
const ROUNDS = [1, 2, 3, 4, 5, 6, 7];

test("the interval of a median leaves out as many at each end as the sign test does", () => {
  expect(medianInterval([5, 3, 1, 2, 4])).toEqual({ median: 3, min: 1, max: 5 });
  expect(medianInterval([6, 5, 3, 1, 2, 4])).toEqual({ median: 3.5, min: 1, max: 6 });
  expect(medianInterval([9, 8, 7, 6, 5, 3, 1, 2, 4])).toEqual({ median: 5, min: 2, max: 8 });
  expect(medianInterval([])).toEqual({ median: Number.NaN, min: Number.NaN, max: Number.NaN });
});

test("a change that every round shows is told, however different the rounds are; one that they disagree about is noise", () => {
  const cells = ROUNDS.flatMap((round) => [
    cell(round, "U", 100 * round),
    cell(round, "base/on-exchange", 100 * round),
    cell(round, "this/on-exchange", 150 * round),
    cell(round, "base/off-exchange", 100 * round),
    cell(round, "this/off-exchange", (round % 2 === 0 ? 90 : 110) * round),
  ]);
  const text = comparisonOf({ rounds: ROUNDS.length, cells, ledger: [] }, ["on-exchange", "off-exchange"]);
  expect(text).toContain("| 64 connections: requests/s | ≥ 2 × U | 1 | 1.50 | × 1.50 |");
  expect(text).toContain("| plain-64 | on-exchange | /s | 400 (100 … 700) | 600 (150 … 1050) | × 1.50 |");
  expect(text).toContain("| × 1.10 (0.90 … 1.10): noise |");
});

test("what to compare with must be told", () => {
  expect(() => compareOptionsOf([])).toThrow("--base is missing");
  expect(() => compareOptionsOf(["--base", "HEAD", "--targets", "U"])).toThrow(
    '--targets: "U" is none of off-per-call',
  );
  expect(compareOptionsOf(["--base", "HEAD"]).targets).toEqual(["off-exchange", "on-exchange"]);
});
