import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { classes } from "../../components/classes.ts";
import { durationText } from "../../format/figures.ts";
import styles from "./span-bar.module.css";
import { placeIn, type TimeWindow, type WaterfallRow } from "./waterfall-rows.ts";

/** When a span was, as a bar in a window of time: pale until its first token came, full from then on. */
export function SpanBar({ row, window }: { readonly row: WaterfallRow; readonly window: TimeWindow }) {
  const { span, facts } = row;
  const { left, width } = placeIn(window, span.startTimeUnixNano, span.endTimeUnixNano);
  const waited =
    facts.firstTokenMs === undefined || facts.durationMs === 0 ? 0 : Math.min(1, facts.firstTokenMs / facts.durationMs);
  return (
    <>
      <div
        className={classes(styles["bar"], styles[row.tone], facts.error !== undefined && styles["bad"])}
        style={{ left: percent(left), width: `max(2px, ${percent(width)})` }}
        title={titleOf(row)}
      >
        {waited > 0 && (
          <>
            <span className={styles["waited"]} style={{ width: percent(waited) }} />
            <span className={styles["first"]} style={{ left: percent(waited) }} />
          </>
        )}
        {width > EVENTS_FROM && <EventMarks span={span} />}
      </div>
      <span className={styles["figure"]}>{durationText(facts.durationMs)}</span>
    </>
  );
}

/** On shorter bars, as a share of the width, events would hide the bar. */
const EVENTS_FROM = 0.02;
/** More are not drawn. */
const EVENTS_MAX = 50;

function EventMarks({ span }: { readonly span: Span }) {
  const own = { startNanos: span.startTimeUnixNano, durationNanos: span.endTimeUnixNano - span.startTimeUnixNano };
  return span.events.slice(0, EVENTS_MAX).map(({ timeUnixNano, name }, index) => (
    <span
      // biome-ignore lint/suspicious/noArrayIndexKey: events have no other name, and do not move
      key={index}
      className={styles["event"]}
      title={name}
      style={{ left: percent(placeIn(own, timeUnixNano, timeUnixNano).left) }}
    />
  ));
}

function titleOf({ facts }: WaterfallRow): string {
  const first = facts.firstTokenMs === undefined ? "" : ` · first token after ${durationText(facts.firstTokenMs)}`;
  const error = facts.error === undefined ? "" : ` · ${facts.error}`;
  return `${facts.name} · ${durationText(facts.durationMs)}${first}${error}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}
