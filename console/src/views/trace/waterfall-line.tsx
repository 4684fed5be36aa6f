import { Link } from "wouter";
import { Chip } from "../../components/chip.tsx";
import { classes } from "../../components/classes.ts";
import { Icon } from "../../components/icon.tsx";
import { durationText } from "../../format/figures.ts";
import { SpanBar } from "./span-bar.tsx";
import { traceAddress } from "./trace-address.ts";
import { twinLinkOf } from "./twin-spans.ts";
import styles from "./waterfall.module.css";
import type { TimeWindow, WaterfallRow } from "./waterfall-rows.ts";

/** Deeper spans stand no further to the right. */
const DEPTH_MAX = 24;
const INDENT_PX = 16;

interface WaterfallLineProps {
  readonly row: WaterfallRow;
  readonly window: TimeWindow;
  /** In pixels from the first line. */
  readonly top: number;
  readonly isChosen: boolean;
  readonly isPaired: boolean;
  readonly isCollapsed: boolean;
  readonly onChoose: () => void;
  readonly onToggle: () => void;
}

/** A span: where it stands, what it is called, and when it was. */
export function WaterfallLine({
  row,
  window,
  top,
  isChosen,
  isPaired,
  isCollapsed,
  onChoose,
  onToggle,
}: WaterfallLineProps) {
  const { facts, depth, below } = row;
  return (
    <li
      className={classes(styles["line"], isChosen && styles["chosen"], isPaired && styles["paired"])}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div className={styles["tree"]} style={{ paddingLeft: 8 + Math.min(depth, DEPTH_MAX) * INDENT_PX }}>
        {below === 0 ? (
          <span className={styles["leaf"]} />
        ) : (
          <button
            type="button"
            className={styles["toggle"]}
            aria-expanded={!isCollapsed}
            aria-label={`${isCollapsed ? "Expand" : "Collapse"} ${facts.name}`}
            onClick={onToggle}
          >
            <Icon name={isCollapsed ? "right" : "down"} size={12} />
          </button>
        )}
        <span className={classes(styles["dot"], styles[row.tone], facts.error !== undefined && styles["bad"])} />
        <button
          type="button"
          className={styles["name"]}
          aria-current={isChosen ? "true" : undefined}
          onClick={onChoose}
        >
          {facts.name}
          <span className="unseen">
            {row.isMirror ? ", mirror" : ""}, {durationText(facts.durationMs)}
            {facts.error === undefined ? "" : `, ${facts.error}`}
          </span>
        </button>
        {isCollapsed && <Chip>{below}</Chip>}
        {facts.reason !== undefined && <Chip tone="wait">{facts.reason}</Chip>}
        <TwinJump row={row} />
      </div>
      <div className={styles["times"]}>
        <SpanBar row={row} window={window} />
      </div>
    </li>
  );
}

/** One click to the other twin. */
function TwinJump({ row }: { readonly row: WaterfallRow }) {
  const link = twinLinkOf(row);
  if (link === undefined) return null;
  const words = link.leadsTo === "full" ? "Open the full trace" : "Open the mirror in the agent’s trace";
  if (link.isExpired) return <Chip title="The full trace was deleted, or was not kept">expired</Chip>;
  return (
    <Link
      href={traceAddress(link.traceId, { span: link.spanId })}
      className={classes(styles["twin"], styles[link.leadsTo])}
      aria-label={`${words} of ${row.facts.name}`}
      title={words}
    >
      <Icon name="twin" size={13} />
      {link.leadsTo}
    </Link>
  );
}
