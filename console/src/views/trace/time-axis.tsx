import type { ReactNode } from "react";
import { durationText } from "../../format/figures.ts";
import styles from "./time-axis.module.css";
import { type TimeWindow, ticksOf } from "./waterfall-rows.ts";

const TICKS_MAX = 6;

/** The axis above a waterfall. */
export function TimeAxis({ window, children }: { readonly window: TimeWindow; readonly children?: ReactNode }) {
  const durationMs = Number(window.durationNanos) / 1e6;
  return (
    <div className={styles["axis"]}>
      <div className={styles["title"]}>{children}</div>
      <div className={styles["ticks"]} aria-hidden="true">
        {ticksOf(durationMs, TICKS_MAX).map((ms) => (
          <span key={ms} style={{ left: leftOf(ms, durationMs) }}>
            {ms === 0 ? "0" : durationText(ms)}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The same moments, as lines behind a waterfall. */
export function TimeGrid({ window }: { readonly window: TimeWindow }) {
  const durationMs = Number(window.durationNanos) / 1e6;
  return (
    <div className={styles["grid"]} aria-hidden="true">
      <div className={styles["ticks"]}>
        {ticksOf(durationMs, TICKS_MAX).map((ms) => (
          <span key={ms} style={{ left: leftOf(ms, durationMs) }} />
        ))}
      </div>
    </div>
  );
}

function leftOf(ms: number, durationMs: number): string {
  return `${durationMs === 0 ? 0 : (ms / durationMs) * 100}%`;
}
