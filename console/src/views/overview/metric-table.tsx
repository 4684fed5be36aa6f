import type { ChartSeries } from "../../chart/chart-series.ts";
import { bucketText } from "../../chart/moment-ticks.ts";
import type { Metric } from "./metrics.ts";
import styles from "./overview.module.css";

/** What a chart shows, in figures: a line for each bucket of time that has any, a column for each group. */
export function MetricTable({
  metric,
  times,
  bucketMs,
  series,
}: {
  readonly metric: Metric;
  readonly times: readonly number[];
  readonly bucketMs: number;
  readonly series: readonly ChartSeries[];
}) {
  const rows = times.flatMap((fromMs, at) =>
    series.some(({ values }) => values[at] !== null && values[at] !== 0) ? [{ fromMs, at }] : [],
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles["figures"]} tabIndex={0} aria-label={`${metric.title}, table`}>
      <table>
        <caption className="unseen">{metric.title} over time</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ label }) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ fromMs, at }) => (
            <tr key={fromMs}>
              <th scope="row">{bucketText(fromMs, bucketMs)}</th>
              {series.map(({ label, values }) => (
                <td key={label}>{textOf(values[at], metric)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function textOf(value: number | null | undefined, metric: Metric): string {
  return value === null || value === undefined ? "–" : metric.text(value);
}
