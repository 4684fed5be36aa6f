import type { ModeName } from "../modes.ts";
import type { LedgerLine } from "../run.ts";
import type { FigureName, Figures } from "./figures.ts";
import { type Spread, spreadOf } from "./statistics.ts";

/** A goal, and what was measured of it. */
export interface Goal {
  readonly words: string;
  /** What is wanted, in words: `≥ 2 × U`. */
  readonly wanted: string;
  readonly unit: Unit;
  /** By round, in their order. */
  readonly byRound: readonly number[];
  readonly measured: Spread;
  /** Whether the median is within the limit. Undefined: it was not measured. */
  readonly isReached: boolean | undefined;
}

/** What measured figures are multiples of, or in. */
export type Unit = "× U" | "ms over D" | "%" | "";

/** What a goal is about: figures of one round, combined. */
interface Aim {
  readonly words: string;
  readonly limit: { readonly atMost: number } | { readonly atLeast: number };
  readonly unit: Unit;
  readonly mode: ModeName;
  readonly figure: FigureName;
  readonly targets: readonly string[];
  readonly combine: (...values: readonly number[]) => number;
}

/** Twinspan with keys, over Exchange, with twin traces into SQLite; and with tracing off. */
const ON = "on-exchange";
const OFF = "off-exchange";

const timesU = { unit: "× U", targets: [ON, "U"], combine: (on = 0, u = 0) => on / u } as const;
const addedTimesU = {
  unit: "× U",
  mode: "plain-1",
  targets: [ON, "U", "D"],
  combine: (on = 0, u = 0, direct = 0) => (on - direct) / (u - direct),
} as const;
const overDirect = {
  unit: "ms over D",
  mode: "stream-64",
  targets: [ON, "D"],
  combine: (on = 0, direct = 0) => on - direct,
} as const;
const price = {
  unit: "%",
  mode: "plain-64",
  targets: [ON, OFF],
  combine: (on = 0, off = 0) => (on / off - 1) * 100,
} as const;

const AIMS: readonly Aim[] = [
  {
    ...timesU,
    words: "64 connections: requests/s",
    mode: "plain-64",
    figure: "perSecond",
    limit: { atLeast: 2 },
  },
  {
    ...timesU,
    words: "64 connections: CPU for a request, all services",
    mode: "plain-64",
    figure: "cpuMs",
    limit: { atMost: 0.6 },
  },
  { ...addedTimesU, words: "1 connection: added p50", figure: "p50Ms", limit: { atMost: 0.8 } },
  { ...addedTimesU, words: "1 connection: added p99", figure: "p99Ms", limit: { atMost: 1 } },
  { ...timesU, words: "100 KB requests: requests/s", mode: "large-64", figure: "perSecond", limit: { atLeast: 3 } },
  { ...overDirect, words: "paced streams: time to first token, p50", figure: "firstByteP50Ms", limit: { atMost: 6 } },
  { ...overDirect, words: "paced streams: gap between chunks, p99", figure: "gapP99Ms", limit: { atMost: 4 } },
  {
    ...timesU,
    words: "burst streams of 100 chunks: streams/s",
    mode: "burst-64",
    figure: "perSecond",
    limit: { atLeast: 2 },
  },
  { ...price, words: "price of the twin traces: CPU, on over off", figure: "cpuMs", limit: { atMost: 25 } },
];

/** The goals, held against the figures of a run. What combines several targets is taken round by round. */
export function goalsOf(figures: Figures, ledger: readonly LedgerLine[]): readonly Goal[] {
  const lost = ledger.map(lostOf).reduce((sum, each) => sum + each, ledger.length === 0 ? Number.NaN : 0);
  return [
    ...AIMS.map((aim) => goalOf(aim, figures.byRound(aim.mode, aim.targets, aim.figure, aim.combine))),
    goalOf({ words: "traces lost, doubled or shed", limit: { atMost: 0 }, unit: "" }, [lost]),
  ];
}

/**
 * How many calls of a target that were answered have no trace, or more than one, and how much of traces was given up.
 * Calls that failed may have a trace or not. NaN: what is stored could not be read.
 */
export function lostOf({ calls, errors, stored, shed }: LedgerLine): number {
  if (stored === undefined || shed === undefined) return Number.NaN;
  return Math.max(0, calls - stored) + Math.max(0, stored - calls - errors) + shed;
}

function goalOf({ words, limit, unit }: Pick<Aim, "words" | "limit" | "unit">, byRound: readonly number[]): Goal {
  const measured = spreadOf(byRound);
  const { median } = measured;
  const [sign, bound, isWithin] =
    "atLeast" in limit ? ["≥", limit.atLeast, median >= limit.atLeast] : ["≤", limit.atMost, median <= limit.atMost];
  const isReached = Number.isNaN(median) ? undefined : isWithin;
  return { words, wanted: `${sign} ${bound} ${unit}`.trim(), unit, byRound, measured, isReached };
}
