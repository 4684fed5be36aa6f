import { useMemo } from "react";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import type { ChangeView } from "../../address/view-state.ts";
import { TraceMark } from "../../components/trace-mark.tsx";
import styles from "./shown-traces.module.css";
import { SpanPanel } from "./span-panel.tsx";
import { inputsOf, outputsOf } from "./span-payload.ts";
import type { TraceViewState } from "./trace-address.ts";
import { TracePane } from "./trace-pane.tsx";
import { twinLinkAt, twinPairsOf } from "./twin-spans.ts";
import { type WaterfallRow, waterfallRowsOf, windowOf } from "./waterfall-rows.ts";

interface ShownTracesProps {
  readonly trace: Trace;
  /** The trace that is shown with it, on the same axis. */
  readonly beside: Trace | undefined;
  readonly state: TraceViewState;
  readonly change: ChangeView<TraceViewState>;
}

/** One waterfall, or two of the same time, and what is known of the span that is chosen. */
export function ShownTraces({ trace, beside, state, change }: ShownTracesProps) {
  const rows = useMemo(() => waterfallRowsOf(trace), [trace]);
  const besideRows = useMemo(() => (beside === undefined ? [] : waterfallRowsOf(beside)), [beside]);
  const all = useMemo(() => [...rows, ...besideRows], [rows, besideRows]);
  const window = useMemo(() => windowOf(all), [all]);
  const pairs = useMemo(() => twinPairsOf(rows, besideRows), [rows, besideRows]);
  const chosen = all.some(({ id }) => id === state.span) ? state.span : (rows[0]?.id ?? "");
  const isBeside = besideRows.some(({ id }) => id === chosen);
  const [shownRows, shownTrace] = isBeside ? [besideRows, beside] : [rows, trace];
  const at = shownRows.findIndex(({ id }) => id === chosen);
  const row = shownRows[at];
  const root = shownTrace?.info?.sealed === true ? shownRows[0] : undefined;
  const otherRows = isBeside ? rows : besideRows;
  const twin = row?.isMirror === true ? otherRows.find(({ id }) => id === pairs.get(row.id)) : undefined;
  const choose = useMemo(() => (span: string) => change({ span }, { replace: true }), [change]);
  const choice = { window, chosen, onChoose: choose, paired: pairs.get(chosen) };
  return (
    <div className={styles["traces"]}>
      <div className={styles["panes"]}>
        <TracePane {...choice} rows={rows} hasKeys={!isBeside} label={nameOf(trace)} head={headOf(trace)} />
        {beside !== undefined && (
          <TracePane {...choice} rows={besideRows} hasKeys={isBeside} label={nameOf(beside)} head={headOf(beside)} />
        )}
      </div>
      {row !== undefined && (
        <SpanPanel
          key={row.id}
          row={row}
          link={twinLinkAt(shownRows, at)}
          fullRoot={root === row ? undefined : root}
          twinBeside={twin === undefined ? undefined : wordedOf(otherRows, twin)}
          onChoose={choose}
          panel={state.panel}
          onPanel={(panel) => change({ panel }, { replace: true })}
        />
      )}
    </div>
  );
}

/** Where the words of a full trace's span are: with itself, else with its call. */
function wordedOf(rows: readonly WaterfallRow[], row: WaterfallRow): WaterfallRow {
  const isWorded = inputsOf(row.span) !== undefined || outputsOf(row.span) !== undefined;
  return isWorded ? row : (rows[0] ?? row);
}

function nameOf({ info }: Trace): string {
  return info?.sealed === true ? `the full trace ${info.traceId}` : `the agent’s trace ${info?.traceId ?? ""}`;
}

function headOf({ info }: Trace) {
  if (info === undefined) return null;
  return (
    <>
      <TraceMark trace={info} />
      {info.sealed ? "Full trace" : "Agent’s trace"} · {info.spanCount} spans
    </>
  );
}
