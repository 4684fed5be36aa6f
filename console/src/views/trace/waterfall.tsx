import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import styles from "./waterfall.module.css";
import { WaterfallLine } from "./waterfall-line.tsx";
import { expandedRows, type TimeWindow, type WaterfallRow } from "./waterfall-rows.ts";

const ROW_PX = 30;

interface WaterfallProps {
  readonly rows: readonly WaterfallRow[];
  readonly window: TimeWindow;
  /** The span that is chosen, if it is one of these. */
  readonly chosen: string;
  readonly onChoose: (spanId: string) => void;
  /** The span here that is the chosen one's twin. */
  readonly paired: string | undefined;
  /** Whether the keys move the choice here. */
  readonly hasKeys: boolean;
  /** What scrolls. */
  readonly scroller: HTMLElement | null;
  readonly label: string;
}

/** The spans of a trace as lines of a tree, each with its time as a bar. Only what is seen is drawn. */
export function Waterfall({ rows, window, chosen, onChoose, paired, hasKeys, scroller, label }: WaterfallProps) {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => expandedRows(rows, collapsed), [rows, collapsed]);
  const lines = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller,
    estimateSize: () => ROW_PX,
    overscan: 16,
  });
  const at = shown.findIndex(({ id }) => id === chosen);
  useEffect(() => {
    if (at !== -1) lines.scrollToIndex(at, { align: "auto" });
  }, [at, lines]);
  const toggle = useCallback((id: string) => setCollapsed((before) => toggled(before, id)), []);
  const shortcuts = useMemo(() => {
    if (!hasKeys) return [];
    const go = (index: number) => {
      const row = shown[Math.max(0, Math.min(shown.length - 1, index))];
      if (row !== undefined) onChoose(row.id);
    };
    return [
      { keys: "j", does: "Next span", run: () => go(at + 1) },
      { keys: "k", does: "Span before", run: () => go(at - 1) },
      { keys: "x", does: "Collapse or expand the span", run: () => toggle(chosen) },
    ];
  }, [hasKeys, shown, at, chosen, onChoose, toggle]);
  useShortcuts(shortcuts);
  return (
    <ul className={styles["lines"]} aria-label={label} style={{ height: lines.getTotalSize() }}>
      {lines.getVirtualItems().map(({ index, start }) => {
        const row = shown[index];
        if (row === undefined) return null;
        return (
          <WaterfallLine
            key={row.id}
            row={row}
            window={window}
            top={start}
            isChosen={row.id === chosen}
            isPaired={row.id === paired}
            isCollapsed={collapsed.has(row.id)}
            onChoose={() => onChoose(row.id)}
            onToggle={() => toggle(row.id)}
          />
        );
      })}
    </ul>
  );
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(ids);
  if (!after.delete(id)) after.add(id);
  return after;
}
