import { expect, test } from "vitest";
import type { Cell } from "../../../bench/cell.ts";
import { Figures } from "../../../bench/results/figures.ts";
import { goalsOf, lostOf } from "../../../bench/results/goals.ts";
import { pictureOf } from "../../../bench/results/pictures.ts";
import { reportOf } from "../../../bench/results/report.ts";
import { spreadOf } from "../../../bench/results/statistics.ts";

const NOTHING = { p50: Number.NaN, p99: Number.NaN };
const cell = (round: number, target: string, perSecond: number, cpuMs: Record<string, number>): Cell => ({
  round,
  mode: "plain-64",
  target,
  perSecond,
  calls: perSecond,
  errors: {},
  latencyMs: { p50: 1, p99: 2 },
  firstByteMs: { p50: 1, p99: 2 },
  gapMs: NOTHING,
  cpuMs,
  ownCpuMs: { generator: 0.01, provider: 0.01 },
});
const SERVICES = (ms: number) => ({ ingress: ms, gateway: ms, "trace-writer": ms });
const CELLS = [
  cell(1, "U", 1000, { "unary-ingress": 0.2, "unary-gateway": 0.2 }),
  cell(1, "on-exchange", 2500, SERVICES(0.1)),
  cell(2, "U", 500, { "unary-ingress": 0.4, "unary-gateway": 0.4 }),
  cell(2, "on-exchange", 900, SERVICES(0.2)),
  cell(3, "U", 1000, { "unary-ingress": 0.2, "unary-gateway": 0.2 }),
  cell(3, "on-exchange", 3000, SERVICES(0.1)),
];
const LEDGER = { target: "on-exchange", calls: 100, errors: 2, stored: 101, shed: 0 };

test("a spread is the median and the ends, of what was measured", () => {
  expect(spreadOf([3, 1, Number.NaN, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spreadOf([])).toEqual({ median: Number.NaN, min: Number.NaN, max: Number.NaN });
});

test("goals are ratios within a round, so that a slow round is none of the target's", () => {
  const goals = goalsOf(new Figures(CELLS), [LEDGER]);
  const goal = (words: string) => goals.find((candidate) => candidate.words.includes(words));
  expect(goal("64 connections: requests")).toMatchObject({
    byRound: [2.5, 1.8, 3],
    measured: { median: 2.5, min: 1.8, max: 3 },
    isReached: true,
  });
  expect(goal("64 connections: CPU")?.measured.median).toBeCloseTo(0.75);
  expect(goal("64 connections: CPU")?.isReached).toBe(false);
  expect(goal("traces lost")?.isReached).toBe(true);
  expect(goal("100 KB")?.isReached).toBeUndefined();
});

test("what is stored must be what was answered, and may be what failed as well", () => {
  expect(lostOf(LEDGER)).toBe(0);
  expect(lostOf({ ...LEDGER, stored: 99 })).toBe(1);
  expect(lostOf({ ...LEDGER, stored: 104 })).toBe(2);
  expect(lostOf({ ...LEDGER, shed: 3 })).toBe(3);
  expect(lostOf({ ...LEDGER, stored: undefined })).toBeNaN();
});

test("the report says of each goal whether it is reached, and of each target what it did and what it was asked for", () => {
  const report = reportOf({
    date: "2026-01-02",
    machine: "a machine",
    commit: "v1",
    seconds: 1,
    perSecond: 1000,
    rounds: 3,
    missing: { nginx: "There is none." },
    cells: CELLS,
    ledger: [LEDGER],
  });
  expect(report).toContain("| 64 connections: requests/s | ≥ 2 × U | 2.50 (1.80 … 3.00) × U | yes |");
  expect(report).toContain("| 64 connections: CPU for a request, all services | ≤ 0.6 × U | 0.75 × U | **no** |");
  expect(report).toContain("| 100 KB requests: requests/s | ≥ 3 × U | not measured | – |");
  expect(report).toContain("- *nginx* is left out: There is none.");
  expect(report).toContain(
    "| on-exchange | 2500 | 2.50 | 1.00 | 2.00 | 0.300 | ingress 0.100, gateway 0.100, trace-writer 0.100 | 0 |",
  );
  expect(report).toContain("| on-exchange | 100 | 2 | 101 | 0 | 0 |");
});

test("the picture cuts what is far beyond everything else, and has colours for light and dark pages", () => {
  const proxies = [1, 2, 3].map((round) => cell(round, "P", 90_000, { proxy: 0.01 }));
  const picture = pictureOf(new Figures([...CELLS, ...proxies]));
  expect(picture).toContain("→ 90000");
  expect(picture).toContain(">2500<");
  expect(picture).toContain("prefers-color-scheme: dark");
  expect(picture).not.toContain("NaN");
});
