import type { TotalsPoint } from "#proto/twinspan/trace/v1/totals.ts";
import type { ChartSeries } from "../../chart/chart-series.ts";
import { msOfNanos } from "../../format/moments.ts";
import { spanBefore } from "../../time/time-span.ts";
import type { Metric } from "./metrics.ts";
import type { Overview } from "./use-overview.ts";

/** What a group is called that has no name, and the groups that are not told apart. */
const NO_NAME = "(none)";
export const OTHER = "others";

/** Colours by the groups' rank: the first seven, then what they leave. */
const COLOURS = 7;

/** The colour of a group, the same in every chart. Others are grey. */
export function colourOf(rank: number): string {
  return rank >= 0 && rank < COLOURS ? `--series-${rank + 1}` : "--series-8";
}

/** The series of a metric: by group stacked or as lines, and what all of them came to in the range before. */
export function seriesOf(metric: Metric, overview: Overview, isCompared: boolean): readonly ChartSeries[] {
  const { span, times, total, totalBefore, grouped } = overview;
  const placeOf = (point: TotalsPoint, fromMs: number) =>
    Math.round((msOfNanos(point.startTimeUnixNano) - fromMs) / span.bucketMs);
  const totals = new Map(total.map((point) => [placeOf(point, span.fromMs), point]));
  const valuesOf = (points: readonly TotalsPoint[], fromMs: number, allAt: ReadonlyMap<number, TotalsPoint>) => {
    const values: (number | null)[] = times.map(() => null);
    for (const point of points) {
      const place = placeOf(point, fromMs);
      if (place < values.length) values[place] = metric.of(point, allAt.get(place) ?? point) ?? null;
    }
    return values;
  };
  const groups = Map.groupBy(grouped, nameOf);
  const series = ranksOf(overview).flatMap((name, rank): ChartSeries[] => {
    const points = groups.get(name);
    const colour = colourOf(name === OTHER ? -1 : rank);
    if (points === undefined) return [];
    return [
      { label: name, colour, values: valuesOf(points, span.fromMs, totals), kind: metric.addsUp ? "bars" : "line" },
    ];
  });
  if (!isCompared || totalBefore.length === 0) return series;
  const { fromMs } = spanBefore(span);
  const before = new Map(totalBefore.map((point) => [placeOf(point, fromMs), point]));
  const ghost = valuesOf(totalBefore, fromMs, before);
  // Nothing in a bucket is none of what can be counted, and no figure of what cannot.
  const values = metric.addsUp ? ghost.map((value) => value ?? 0) : ghost;
  return [...series, { label: "all, before", colour: "--ink-faint", values, kind: "ghost" }];
}

/** The groups that are told apart, those with the most requests first, the rest of them last. */
export function ranksOf({ grouped }: Overview): readonly string[] {
  const requests = new Map<string, number>();
  for (const point of grouped) {
    const name = nameOf(point);
    requests.set(name, (requests.get(name) ?? 0) + Number(point.requests));
  }
  const ranked = [...requests].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  return [...ranked.filter((name) => name !== OTHER), ...(requests.has(OTHER) ? [OTHER] : [])];
}

/** What a point's group is called. */
export function nameOf({ group, other }: TotalsPoint): string {
  if (other) return OTHER;
  return group === "" ? NO_NAME : group;
}
