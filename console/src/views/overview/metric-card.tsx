import { useMemo } from "react";
import { TimeChart } from "../../chart/time-chart.tsx";
import { Difference } from "./difference.tsx";
import { seriesOf } from "./metric-series.ts";
import { MetricTable } from "./metric-table.tsx";
import type { Metric } from "./metrics.ts";
import styles from "./overview.module.css";
import type { Overview } from "./use-overview.ts";

/** A metric: what it came to, how that differs from before, and how it went, as a chart or as a table. */
export function MetricCard({
  metric,
  overview,
  isCompared,
  isTable,
  onZoom,
  onChoose,
}: {
  readonly metric: Metric;
  readonly overview: Overview;
  readonly isCompared: boolean;
  readonly isTable: boolean;
  readonly onZoom: (fromMs: number, toMs: number) => void;
  readonly onChoose: (fromMs: number) => void;
}) {
  const { whole, wholeBefore, times, span } = overview;
  const now = whole === undefined ? undefined : metric.of(whole, whole);
  const before = wholeBefore === undefined ? undefined : metric.of(wholeBefore, wholeBefore);
  const series = useMemo(() => seriesOf(metric, overview, isCompared), [metric, overview, isCompared]);
  const figure = now === undefined ? "–" : metric.text(now);
  return (
    <section className={styles["card"]} aria-label={metric.title}>
      <header>
        <h3 title={metric.says}>{metric.title}</h3>
        <strong>{figure}</strong>
        {isCompared && <Difference before={before} now={now} more={metric.more} />}
      </header>
      {isTable ? (
        <MetricTable metric={metric} times={times} bucketMs={span.bucketMs} series={series} />
      ) : (
        <TimeChart
          label={`${metric.title} over time: ${figure} in all. The same stands in a table: choose Tables above.`}
          times={times}
          bucketMs={span.bucketMs}
          series={series}
          text={metric.text}
          together="overview"
          onZoom={onZoom}
          onChoose={onChoose}
        />
      )}
    </section>
  );
}
