import type { Latency, TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { dollarsOf } from "./dollars.ts";
import { millisecondsOf } from "./milliseconds.ts";
import { printable } from "./printable.ts";
import { tableOf } from "./table.ts";
import { tokensTextOf } from "./tokens-text.ts";

/** How totals are shown. */
export interface TotalsView {
  /** What the groups are of. Undefined: everything is together. */
  readonly by: string | undefined;
  /** Whether there are several buckets of time. */
  readonly byTime: boolean;
}

const OTHER = "(other)";
const NONE = "(none)";

/**
 * Totals as a table with a head: when, whose, requests, errors, tokens in → out, cost, how long they took and how long
 * their first token. Ends with a line break.
 */
export function totalsTableOf(points: readonly TotalsPoint[], { by, byTime }: TotalsView): string {
  if (points.length === 0) return "nothing\n";
  const labels = [...(byTime ? ["from"] : []), ...(by === undefined ? [] : [by])];
  const figures = ["requests", "errors", "tokens", "cost", "p50", "p95", "p99", "first token p50", "p95"];
  const rows = points.map((point) => [
    ...(byTime ? [timeOf(point.startTimeUnixNano)] : []),
    ...(by === undefined ? [] : [groupTextOf(point)]),
    point.requests.toString(),
    errorsTextOf(point),
    point.usage === undefined ? "" : tokensTextOf(point.usage),
    point.cost === undefined ? "" : dollarsOf(Number(point.cost.totalNanoUsd) / 1e9),
    timeTextOf(point.latency, "p50Nanos"),
    timeTextOf(point.latency, "p95Nanos"),
    timeTextOf(point.latency, "p99Nanos"),
    timeTextOf(point.timeToFirstToken, "p50Nanos"),
    timeTextOf(point.timeToFirstToken, "p95Nanos"),
  ]);
  const toTheRight = new Set(figures.map((_, column) => column + labels.length));
  return tableOf([[...labels, ...figures], ...rows], toTheRight);
}

function groupTextOf({ group, other }: TotalsPoint): string {
  if (other) return OTHER;
  return group === "" ? NONE : printable(group);
}

function errorsTextOf({ requests, errors }: TotalsPoint): string {
  if (errors === 0n) return "0";
  return `${errors} (${((Number(errors) / Number(requests)) * 100).toFixed(1)} %)`;
}

function timeTextOf(latency: Latency | undefined, rank: "p50Nanos" | "p95Nanos" | "p99Nanos"): string {
  return latency === undefined ? "" : `${millisecondsOf(Number(latency[rank]) / 1e6)} ms`;
}

function timeOf(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString().replace(/:\d\d\.\d{3}Z$/, "Z");
}
