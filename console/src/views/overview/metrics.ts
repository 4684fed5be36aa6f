import type { TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import { costText, countText, durationText, percentText } from "../../format/figures.ts";

/** What is measured of calls. */
export interface Metric {
  readonly key: MetricKey;
  readonly title: string;
  /** What the figure is exactly, for a tooltip. */
  readonly says: string;
  /** Whether figures of groups add up to that of all. */
  readonly addsUp: boolean;
  /** Whether more of it is worse, or neither good nor bad by itself. */
  readonly more: "bad" | "neutral";
  /** The figure of a point. Undefined: it has none. `all`: what everything came to in its time. */
  readonly of: (point: TotalsPoint, all: TotalsPoint) => number | undefined;
  readonly text: (figure: number) => string;
}

/** Their names. */
export type MetricKey = "requests" | "errors" | "latency" | "firstToken" | "tokens" | "cost";

const nanosText = (nanos: number) => durationText(nanos / 1e6);

/** All of them, in the order they are drawn. */
export const METRICS: readonly Metric[] = [
  {
    key: "requests",
    title: "Requests",
    says: "Calls that began in this time.",
    addsUp: true,
    more: "neutral",
    of: ({ requests }) => Number(requests),
    text: countText,
  },
  {
    key: "errors",
    title: "Error rate",
    says: "The share of calls that failed. By group: what each adds to it.",
    addsUp: true,
    more: "bad",
    of: ({ errors }, all) => (all.requests === 0n ? undefined : Number(errors) / Number(all.requests)),
    text: percentText,
  },
  {
    key: "latency",
    title: "Latency, p95",
    says: "95 % of calls took this long at most.",
    addsUp: false,
    more: "bad",
    of: ({ latency }) => numberOf(latency?.p95Nanos),
    text: nanosText,
  },
  {
    key: "firstToken",
    title: "First token, p95",
    says: "95 % of streamed answers began within this.",
    addsUp: false,
    more: "bad",
    of: ({ timeToFirstToken }) => numberOf(timeToFirstToken?.p95Nanos),
    text: nanosText,
  },
  {
    key: "tokens",
    title: "Tokens",
    says: "Input and output tokens together.",
    addsUp: true,
    more: "neutral",
    of: ({ usage }) => numberOf(usage?.totalTokens) ?? 0,
    text: countText,
  },
  {
    key: "cost",
    title: "Cost",
    says: "What providers billed, as far as prices are known.",
    addsUp: true,
    more: "bad",
    of: ({ cost }) => numberOf(cost?.totalNanoUsd) ?? 0,
    text: costText,
  },
];

function numberOf(figure: bigint | undefined): number | undefined {
  return figure === undefined ? undefined : Number(figure);
}
