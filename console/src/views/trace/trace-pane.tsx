import { type ReactNode, useState } from "react";
import { TimeAxis, TimeGrid } from "./time-axis.tsx";
import styles from "./trace-pane.module.css";
import { Waterfall } from "./waterfall.tsx";
import type { TimeWindow, WaterfallRow } from "./waterfall-rows.ts";

interface TracePaneProps {
  readonly label: string;
  readonly head: ReactNode;
  readonly rows: readonly WaterfallRow[];
  readonly window: TimeWindow;
  readonly chosen: string;
  readonly onChoose: (spanId: string) => void;
  readonly paired: string | undefined;
  readonly hasKeys: boolean;
}

/** The waterfall of one trace under its axis, which scrolls by itself. */
export function TracePane({ label, head, rows, window, ...choice }: TracePaneProps) {
  // In the state and not in a ref: what is within is drawn once it is there.
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  return (
    <section ref={setScroller} className={styles["pane"]} aria-label={label}>
      <TimeAxis window={window}>{head}</TimeAxis>
      {rows.length === 0 ? (
        <p className={styles["nothing"]}>This trace has no spans yet.</p>
      ) : (
        <div className={styles["lines"]}>
          <TimeGrid window={window} />
          <Waterfall {...choice} rows={rows} window={window} scroller={scroller} label={`Spans of ${label}`} />
        </div>
      )}
    </section>
  );
}
