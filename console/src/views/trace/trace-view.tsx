import { useMemo } from "react";
import { Link, useLocation } from "wouter";
import { listAddress } from "../../address/last-list.ts";
import { useViewState } from "../../address/view-state.ts";
import { mayPass } from "../../api/asked-again.ts";
import { Icon } from "../../components/icon.tsx";
import { ErrorState, LoadingLines } from "../../components/states.tsx";
import { TraceMark } from "../../components/trace-mark.tsx";
import { View } from "../../components/view.tsx";
import { useTrace } from "../../reads/trace.ts";
import { useShortcuts } from "../../shell/shortcuts.tsx";
import { ShownTraces } from "./shown-traces.tsx";
import { TraceActions } from "./trace-actions.tsx";
import { traceCodec } from "./trace-address.ts";
import { TraceSummary } from "./trace-summary.tsx";
import styles from "./trace-view.module.css";

/** A trace, alone or with its other twin beside it. */
export function TraceView({ traceId }: { readonly traceId: string }) {
  const [state, change] = useViewState(traceCodec);
  const [, navigate] = useLocation();
  const trace = useTrace(traceId);
  const beside = useTrace(state.beside);
  const shortcuts = useMemo(
    () => [{ keys: "u", does: "Back to the list", run: () => navigate(listAddress()) }],
    [navigate],
  );
  useShortcuts(shortcuts);
  const info = trace.data?.info;
  const name = info === undefined || info.name === "" ? traceId : info.name;
  return (
    <View
      title={name}
      heading={
        <div className={styles["heading"]}>
          <Link href={listAddress()} className={styles["up"]}>
            Traces
          </Link>
          <Icon name="right" size={12} />
          {info !== undefined && <TraceMark trace={info} />}
          <h1>{name}</h1>
        </div>
      }
      tools={trace.data !== undefined && <TraceActions trace={trace.data} />}
    >
      {trace.error !== null && (info === undefined || !mayPass(trace.error)) ? (
        <ErrorState error={trace.error} onRetry={() => void trace.refetch()} />
      ) : trace.data === undefined || info === undefined ? (
        <LoadingLines what="the trace" lines={12} />
      ) : (
        <div className={styles["view"]}>
          <TraceSummary
            trace={trace.data}
            beside={state.beside}
            onBeside={(other) => change({ beside: other })}
            besideError={beside.error}
          />
          <ShownTraces trace={trace.data} beside={beside.data} state={state} change={change} />
        </div>
      )}
    </View>
  );
}
