import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { useLocation } from "wouter";
import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { classes } from "../../components/classes.ts";
import { Icon } from "../../components/icon.tsx";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { traceAddress } from "../trace/trace-address.ts";
import type { CellContext, TraceColumn } from "./trace-columns.tsx";
import styles from "./trace-list.module.css";
import type { Order } from "./traces-address.ts";

const ROW_PX = 34;
/** The next page is asked for when so few rows are left. */
const ROWS_LEFT = 30;

interface TraceListProps {
  readonly traces: readonly TraceInfo[];
  readonly columns: readonly TraceColumn[];
  readonly context: CellContext;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  /** Asks for more, where there is more. Undefined: this is the end, or it is being asked. */
  readonly onMore: (() => void) | undefined;
  /** The row that the keys stand on. Undefined: none yet. */
  readonly current: string | undefined;
  readonly onCurrent: (traceId: string) => void;
  /** Those that came in just now. */
  readonly fresh: ReadonlySet<string>;
  /** Where it begins, and where it is scrolled to, in pixels from the top. */
  readonly initialOffset: number;
  readonly onScroll: (offset: number) => void;
  /** What stands below the last row. */
  readonly foot: ReactNode;
}

/** The traces as rows, of which only those are drawn that are seen. */
export function TraceList({
  traces,
  columns,
  context,
  order,
  onOrder,
  onMore,
  current,
  onCurrent,
  fresh,
  initialOffset,
  onScroll,
  foot,
}: TraceListProps) {
  const scroller = useRef<HTMLElement>(null);
  const [, navigate] = useLocation();
  const rows = useVirtualizer({
    count: traces.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => traces[index]?.traceId ?? index,
    overscan: 12,
    initialOffset,
  });
  const items = rows.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (onMore !== undefined && lastSeen >= traces.length - ROWS_LEFT) onMore();
  }, [onMore, lastSeen, traces.length]);

  const shortcuts = useMemo(() => {
    const at = traces.findIndex(({ traceId }) => traceId === current);
    const go = (index: number) => {
      const trace = traces[Math.max(0, Math.min(traces.length - 1, index))];
      if (trace === undefined) return;
      onCurrent(trace.traceId);
      rows.scrollToIndex(Math.max(0, index), { align: "auto" });
    };
    const open = () => current !== undefined && navigate(traceAddress(current));
    return [
      { keys: "j", does: "Next trace", run: () => go(at + 1) },
      { keys: "k", does: "Trace before", run: () => go(at === -1 ? 0 : at - 1) },
      { keys: "Enter", does: "Open the trace", run: open },
      { keys: "g g", does: "To the top", run: () => go(0) },
    ];
  }, [traces, current, onCurrent, rows, navigate]);
  useShortcuts(shortcuts);

  const template = { gridTemplateColumns: columns.map(({ track }) => track).join(" ") };
  return (
    <section
      ref={scroller}
      className={styles["scroller"]}
      aria-label="List of traces"
      onScroll={() => onScroll(scroller.current?.scrollTop ?? 0)}
    >
      <table aria-rowcount={onMore === undefined ? traces.length + 1 : -1} className={styles["table"]}>
        <caption className="unseen">Traces</caption>
        <thead className={styles["heads"]}>
          <tr aria-rowindex={1} className={styles["head"]} style={template}>
            {columns.map((column) => (
              <Head key={column.key} column={column} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody className={styles["rows"]} style={{ height: rows.getTotalSize() }}>
          {items.map(({ index, key, start }) => {
            const trace = traces[index];
            if (trace === undefined) return null;
            return (
              <tr
                key={key}
                aria-rowindex={index + 2}
                aria-current={trace.traceId === current ? "true" : undefined}
                className={classes(styles["row"], fresh.has(trace.traceId) && styles["fresh"])}
                style={{ ...template, transform: `translateY(${start}px)` }}
              >
                {columns.map((column) => (
                  <td
                    key={column.key}
                    className={classes(styles["cell"], column.numeric === true && styles["numeric"])}
                  >
                    <CellText>{column.cell(trace, context)}</CellText>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {foot}
    </section>
  );
}

/** Words alone are cut where the cell ends. */
function CellText({ children }: { readonly children: ReactNode }) {
  return typeof children === "string" ? <span title={children}>{children}</span> : children;
}

function Head({
  column,
  order,
  onOrder,
}: {
  readonly column: TraceColumn;
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}) {
  const { orders, head, numeric } = column;
  const className = classes(styles["cell"], numeric === true && styles["numeric"]);
  if (orders === undefined) {
    return (
      <th scope="col" className={className}>
        {head}
      </th>
    );
  }
  const [first, second] = orders;
  const isFirst = order === first;
  const isOrdered = isFirst || order === second;
  const sorted = isOrdered ? (isFirst ? "descending" : "ascending") : "none";
  return (
    <th scope="col" aria-sort={sorted} className={className}>
      <button type="button" onClick={() => onOrder(isFirst ? second : first)}>
        {head}
        {isOrdered && <Icon name="down" size={11} className={classes(!isFirst && styles["up"])} />}
      </button>
    </th>
  );
}
