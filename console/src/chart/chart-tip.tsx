import { classes } from "../components/classes.ts";
import type { ChartSeries } from "./chart-series.ts";
import { bucketText } from "./moment-ticks.ts";
import styles from "./time-chart.module.css";

/** The figures at the moment that is pointed at, beside the pointer. */
export function ChartTip({
  fromMs,
  bucketMs,
  left,
  isFlipped,
  rows,
  text,
}: {
  readonly fromMs: number;
  readonly bucketMs: number;
  /** In CSS pixels from the chart's left edge. */
  readonly left: number;
  /** Whether it stands at the left of that. */
  readonly isFlipped: boolean;
  readonly rows: readonly { readonly series: ChartSeries; readonly value: number | null }[];
  readonly text: (figure: number) => string;
}) {
  const told = rows.filter(({ value, series }) => value !== null && (value !== 0 || series.kind !== "bars"));
  return (
    <div className={classes(styles["tip"], isFlipped && styles["flipped"])} style={{ left }} aria-hidden="true">
      <div className={styles["when"]}>{bucketText(fromMs, bucketMs)}</div>
      {told.length === 0 && <div>nothing</div>}
      {told.map(({ series, value }) => (
        <div key={series.label} className={styles["told"]}>
          <Swatch series={series} />
          <span>{series.label}</span>
          <b>{text(value ?? 0)}</b>
        </div>
      ))}
    </div>
  );
}

/** The colour of a series, as it is drawn. */
export function Swatch({ series: { colour, kind } }: { readonly series: ChartSeries }) {
  return (
    <i
      className={kind === "ghost" ? styles["ghost"] : styles["swatch"]}
      style={{ color: kind === "ghost" ? "var(--ink-faint)" : `var(${colour})` }}
    />
  );
}
