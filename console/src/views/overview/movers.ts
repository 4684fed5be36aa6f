import type { TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { DIMENSIONS, type Dimension } from "./dimensions.ts";

/** What a group came to in a range, and in the range of the same length before it. */
export interface Change {
  readonly dimension: Dimension;
  readonly group: string;
  readonly metric: "errors" | "latency" | "cost" | "requests";
  /** In the metric's own unit: a share, nanoseconds, billionths of a dollar, a count. */
  readonly before: number;
  readonly now: number;
  /** How many more there are than there would be if nothing had changed: failures, or else in the metric's unit. */
  readonly excess: number;
  /** How much it matters, against the others: 0 is not at all, 1 is everything. */
  readonly weight: number;
}

/** The groups of each dimension, in both ranges. */
export type Totals = Readonly<Record<Dimension, readonly TotalsPoint[]>>;

/** A difference of fewer standard deviations is chance. */
const DEVIATIONS_MIN = 4;
/** A smaller change is not worth a word, be it ever so certain. */
const RATIO_MIN = 1.25;
/** Of fewer calls a percentile says little. */
const TIMED_MIN = 40;
/** The same change is seen in several dimensions: those whose excess differs by less than this share are one. */
const SAME_SHARE = 0.15;
/** What a failure weighs against a call more, and a call that is twice as slow. */
const WEIGHTS = { errors: 6, latency: 1.5, cost: 1, requests: 0.6 } as const;
/** A change that is to be blamed on one is told of that one: a provider rather than the endpoints that use it. */
const BLAME: readonly Dimension[] = ["provider", "model", "endpoint", "caller"];

/**
 * What changed the most from one range to the next, the most important first: of a change that is seen in several
 * dimensions, the one that explains it. What may be chance, or is small, is left out.
 */
export function moversOf(before: Totals, now: Totals, most: number): readonly Change[] {
  const changes = DIMENSIONS.flatMap(([dimension]) => changesIn(dimension, before[dimension], now[dimension]));
  const ranked = changes.toSorted(
    (a, b) => b.weight - a.weight || BLAME.indexOf(a.dimension) - BLAME.indexOf(b.dimension),
  );
  const told: Change[] = [];
  for (const change of explained(ranked)) {
    if (told.length < most && !told.some((other) => isSame(other, change))) told.push(change);
  }
  return told;
}

/** Of changes that are the same, the one that is to be blamed comes first. */
function explained(ranked: readonly Change[]): readonly Change[] {
  return ranked.map((change) => {
    const same = ranked.filter((other) => isSame(other, change));
    return same.toSorted((a, b) => BLAME.indexOf(a.dimension) - BLAME.indexOf(b.dimension))[0] ?? change;
  });
}

function isSame(one: Change, other: Change): boolean {
  if (one === other) return true;
  // Whoever was not there before needs to be told of once.
  if (isNew(one) && isNew(other) && one.dimension === other.dimension && one.group === other.group) return true;
  if (one.metric !== other.metric || one.dimension === other.dimension) return false;
  if (one.metric === "latency") return one.excess > 0 === other.excess > 0;
  return Math.abs(one.excess - other.excess) <= SAME_SHARE * Math.max(Math.abs(one.excess), Math.abs(other.excess));
}

function isNew({ metric, before }: Change): boolean {
  return (metric === "requests" || metric === "cost") && before === 0;
}

function changesIn(dimension: Dimension, before: readonly TotalsPoint[], now: readonly TotalsPoint[]): Change[] {
  const named = (points: readonly TotalsPoint[]) => points.filter(({ other, group }) => !other && group !== "");
  const [old, fresh] = [byGroup(named(before)), byGroup(named(now))];
  const whole = {
    requests: sumOf(now, countOf) + sumOf(before, countOf),
    cost: sumOf(now, costOf) + sumOf(before, costOf),
  };
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((group) => {
    const pair = { was: old.get(group), is: fresh.get(group) };
    const place = { dimension, group };
    return [
      errorsChange(pair, whole.requests),
      latencyChange(pair, whole.requests),
      amountChange("requests", pair, countOf, whole.requests),
      amountChange("cost", pair, costOf, whole.cost),
    ].flatMap((change) => (change === undefined ? [] : { ...place, ...change }));
  });
}

interface Pair {
  readonly was: TotalsPoint | undefined;
  readonly is: TotalsPoint | undefined;
}
type Found = Omit<Change, "dimension" | "group"> | undefined;

/** Two shares differ where their difference is many of its standard deviations. */
function errorsChange({ was, is }: Pair, wholeRequests: number): Found {
  const [n0, n1] = [countOf(was), countOf(is)];
  if (n1 === 0 || n0 === 0) return undefined;
  const [before, now] = [Number(was?.errors ?? 0n) / n0, Number(is?.errors ?? 0n) / n1];
  const pooled = (before * n0 + now * n1) / (n0 + n1);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1));
  if (deviation === 0 || Math.abs(now - before) < DEVIATIONS_MIN * deviation) return undefined;
  const excess = (now - before) * n1;
  return { metric: "errors", before, now, excess, weight: (WEIGHTS.errors * Math.abs(excess)) / wholeRequests };
}

function latencyChange({ was, is }: Pair, wholeRequests: number): Found {
  const [before, now] = [Number(was?.latency?.p95Nanos ?? 0n), Number(is?.latency?.p95Nanos ?? 0n)];
  if (countOf(was) < TIMED_MIN || countOf(is) < TIMED_MIN || !isLarge(before, now)) return undefined;
  const weight = (WEIGHTS.latency * Math.min(2, Math.abs(Math.log2(now / before))) * countOf(is)) / wholeRequests;
  return { metric: "latency", before, now, excess: now - before, weight };
}

/** Counts differ by chance as much as the root of them. */
function amountChange(
  metric: "requests" | "cost",
  { was, is }: Pair,
  amountOf: (point: TotalsPoint | undefined) => number,
  whole: number,
): Found {
  const [n0, n1] = [countOf(was), countOf(is)];
  if (whole === 0 || Math.abs(n1 - n0) < DEVIATIONS_MIN * Math.sqrt(n0 + n1)) return undefined;
  const [before, now] = [amountOf(was), amountOf(is)];
  if (!isLarge(before, now)) return undefined;
  return { metric, before, now, excess: now - before, weight: (WEIGHTS[metric] * Math.abs(now - before)) / whole };
}

function isLarge(before: number, now: number): boolean {
  return Math.max(before, now) >= RATIO_MIN * Math.min(before, now) && before !== now;
}

function byGroup(points: readonly TotalsPoint[]): ReadonlyMap<string, TotalsPoint> {
  return new Map(points.map((point) => [point.group, point]));
}

function sumOf(points: readonly TotalsPoint[], figureOf: (point: TotalsPoint) => number): number {
  return points.reduce((sum, point) => sum + figureOf(point), 0);
}

function countOf(point: TotalsPoint | undefined): number {
  return Number(point?.requests ?? 0n);
}

function costOf(point: TotalsPoint | undefined): number {
  return Number(point?.cost?.totalNanoUsd ?? 0n);
}
