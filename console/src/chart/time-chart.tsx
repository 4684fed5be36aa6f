import "uplot/dist/uPlot.min.css";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import { type ChartSeries, drawnSeriesOf, loneFigureOf } from "./chart-series.ts";
import { ChartTip } from "./chart-tip.tsx";
import { tickTexts } from "./moment-ticks.ts";
import { type ColourOf, coloursAt, useShownTheme } from "./theme-colours.ts";
import styles from "./time-chart.module.css";

/** What a chart shows. */
export interface TimeChartProps {
  /** What is drawn, for those who do not see it. */
  readonly label: string;
  /** When each bucket begins, in milliseconds since 1970, evenly. */
  readonly times: readonly number[];
  readonly bucketMs: number;
  readonly series: readonly ChartSeries[];
  readonly text: (figure: number) => string;
  /** Charts of one name show the same moment together. */
  readonly together: string;
  /** Someone chose a part of the time. */
  readonly onZoom: (fromMs: number, toMs: number) => void;
  /** Someone chose a bucket. */
  readonly onChoose: (fromMs: number) => void;
}

const HEIGHT = 132;
/** The axes beside and below the plot, in CSS pixels. */
const AXES = { left: 52, bottom: 22 };

/** A chart over time. It is drawn on a canvas, so whoever shows it offers the same as a table. */
export function TimeChart(props: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<{ readonly index: number; readonly left: number; readonly isFlipped: boolean }>();
  const theme = useShownTheme();
  // What it calls when something is chosen is the latest, while the chart stays.
  const latest = useRef(props);
  latest.current = props;
  const { label, times, series, text, bucketMs, together } = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme means other colours
  useEffect(() => {
    const parent = place.current;
    if (parent === null) return;
    const drawn = drawnSeriesOf(series);
    const isFlat = series.every(({ values }) => values.every((value) => value === null || value === 0));
    const colourOf = coloursAt(parent);
    const plot = new uPlot(
      {
        width: Math.max(120, parent.clientWidth),
        height: HEIGHT,
        padding: [8, 6, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          // Together they show a moment. What is chosen in one is chosen there alone.
          sync: { key: together, filters: { pub: isMove, sub: isMove } },
          drag: { x: true, y: false, setScale: false, dist: 6 },
          points: { size: 6 },
        },
        scales: {
          x: { time: true, range: [(times[0] ?? 0) / 1000, ((times.at(-1) ?? 0) + bucketMs) / 1000] },
          y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
        },
        // Where there is nothing, or nothing but 0, the figures above it mean nothing.
        axes: axesOf(colourOf, (figure) => (isFlat ? "" : latest.current.text(figure))),
        series: [{}, ...drawn.map(({ series: one }) => seriesOptionsOf(one, colourOf, bucketMs))],
        hooks: {
          setCursor: [
            ({ cursor: { idx, left = -1, event }, width }) =>
              setAt(
                event === undefined || idx === null || idx === undefined || left < 0
                  ? undefined
                  : { index: idx, left: left + AXES.left, isFlipped: left > width / 2 },
              ),
          ],
          setSelect: [
            (chart) => {
              const { left, width } = chart.select;
              if (width === 0) return;
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              latest.current.onZoom(chart.posToVal(left, "x") * 1000, chart.posToVal(left + width, "x") * 1000);
            },
          ],
        },
      },
      [times.map((ms) => ms / 1000), ...drawn.map(({ heights }) => heights)],
      parent,
    );
    const onClick = () => {
      const ms = times[plot.cursor.idx ?? -1];
      if (ms !== undefined) latest.current.onChoose(ms);
    };
    let downAt = 0;
    plot.over.addEventListener("pointerdown", (event) => {
      downAt = event.clientX;
    });
    plot.over.addEventListener("click", (event) => Math.abs(event.clientX - downAt) < 4 && onClick());
    const resized = new ResizeObserver(() => {
      if (parent.clientWidth > 0) plot.setSize({ width: parent.clientWidth, height: HEIGHT });
    });
    resized.observe(parent);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [times, series, bucketMs, together, theme]);

  return (
    <div className={styles["chart"]}>
      <div ref={place} className={styles["plot"]} role="img" aria-label={label} />
      {at !== undefined && (
        <ChartTip
          fromMs={times[at.index] ?? 0}
          bucketMs={bucketMs}
          left={at.left}
          isFlipped={at.isFlipped}
          rows={series.map((one) => ({ series: one, value: one.values[at.index] ?? null }))}
          text={text}
        />
      )}
    </div>
  );
}

function isMove(event: string): boolean {
  return event === "mousemove" || event === "mouseleave";
}

function axesOf(colourOf: ColourOf, text: (figure: number) => string): uPlot.Axis[] {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const look = { stroke: colourOf("--ink-faint"), font, ticks: { show: false } };
  const grid = { stroke: colourOf("--line"), width: 1 };
  return [
    {
      ...look,
      size: AXES.bottom,
      gap: 6,
      space: 64,
      grid: { show: false },
      values: (_plot, seconds) => tickTexts(seconds),
    },
    {
      ...look,
      size: AXES.left,
      gap: 6,
      space: 34,
      grid,
      values: (_plot, figures) => figures.map((figure) => (figure === 0 ? "0" : text(figure))),
    },
  ];
}

function seriesOptionsOf({ kind, colour, values }: ChartSeries, colourOf: ColourOf, bucketMs: number): uPlot.Series {
  const middle = { pxAlign: 0 };
  switch (kind) {
    case "bars":
      return {
        ...middle,
        fill: colourOf(colour),
        width: 0,
        ...(uPlot.paths.bars === undefined ? {} : { paths: uPlot.paths.bars({ size: [0.82, 40], align: 1 }) }),
        points: { show: false },
      };
    case "line":
      return {
        ...middle,
        stroke: colourOf(colour),
        width: 1.75,
        spanGaps: bucketMs > 0,
        points: { show: true, size: 5, fill: colourOf(colour), filter: () => loneFigureOf(values) },
      };
    case "ghost":
      return {
        ...middle,
        stroke: colourOf("--ink-faint", 0.75),
        width: 1.25,
        dash: [3, 3],
        spanGaps: true,
        points: { show: false },
      };
  }
}
