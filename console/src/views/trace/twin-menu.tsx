import { useMemo } from "react";
import { useLocation } from "wouter";
import type { Trace } from "#proto/twinspan/trace/v1/trace.ts";
import { Button } from "../../components/button.tsx";
import { Menu, MenuItem } from "../../components/menu.tsx";
import { durationText } from "../../format/figures.ts";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { traceAddress } from "./trace-address.ts";
import styles from "./twin-menu.module.css";
import { type TwinLink, twinLinkOf } from "./twin-spans.ts";
import { type WaterfallRow, waterfallRowsOf } from "./waterfall-rows.ts";

/** A call of the trace whose other twin is there. */
interface LinkedCall {
  readonly row: WaterfallRow;
  readonly link: TwinLink;
}

/** The way to a trace's other twins: there, or to have them beside it. */
export function TwinMenu({
  trace,
  beside,
  onBeside,
}: {
  readonly trace: Trace;
  readonly beside: string;
  readonly onBeside: (traceId: string) => void;
}) {
  const [, navigate] = useLocation();
  const calls = useMemo(() => linkedCallsOf(trace), [trace]);
  const [first] = calls;
  const shortcuts = useMemo(() => {
    if (first === undefined) return [];
    const { traceId, spanId } = first.link;
    return [
      { keys: "t", does: "Go to the other twin", run: () => navigate(traceAddress(traceId, { span: spanId })) },
      { keys: "b", does: "Both twins side by side", run: () => onBeside(beside === "" ? traceId : "") },
    ];
  }, [first, navigate, onBeside, beside]);
  useShortcuts(shortcuts);
  if (first === undefined) return null;
  const isFull = first.link.leadsTo === "mirror";
  const go = ({ link }: LinkedCall) => navigate(traceAddress(link.traceId, { span: link.spanId }));
  return (
    <div className={styles["twins"]}>
      {calls.length === 1 ? (
        <>
          <Button icon="twin" className={styles[first.link.leadsTo] ?? ""} onClick={() => go(first)}>
            {isFull ? "Go to the mirror" : "Go to the full trace"}
          </Button>
          <Button aria-pressed={beside !== ""} onClick={() => onBeside(beside === "" ? first.link.traceId : "")}>
            Side by side
          </Button>
        </>
      ) : (
        <>
          {beside !== "" && (
            <Button icon="close" onClick={() => onBeside("")}>
              Close the twin
            </Button>
          )}
          <Menu label={`${calls.length} full traces`} icon="twin" align="end">
            {(close) =>
              calls.map((call) => (
                <div key={call.row.id} className={styles["call"]}>
                  <MenuItem onChoose={() => go(call)}>
                    <span className={styles["name"]}>{call.row.facts.name}</span>
                    <span className={styles["time"]}>{durationText(call.row.facts.durationMs)}</span>
                  </MenuItem>
                  <Button
                    aria-pressed={beside === call.link.traceId}
                    onClick={() => {
                      onBeside(call.link.traceId);
                      close();
                    }}
                  >
                    Side by side
                  </Button>
                </div>
              ))
            }
          </Menu>
        </>
      )}
    </div>
  );
}

/** Twins that were deleted are told at their spans. */
function linkedCallsOf(trace: Trace): readonly LinkedCall[] {
  return waterfallRowsOf(trace).flatMap((row) => {
    const link = twinLinkOf(row);
    return link === undefined || link.isExpired ? [] : [{ row, link }];
  });
}
