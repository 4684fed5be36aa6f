import { useMemo } from "react";
import { Link } from "wouter";
import { type Trace, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { Chip } from "../../components/chip.tsx";
import { Facts } from "../../components/facts.tsx";
import { messageOf } from "../../components/states.tsx";
import { TokensText } from "../../components/tokens-text.tsx";
import { costText, durationText } from "../../format/figures.ts";
import { momentText, msOfNanos, wholeMomentText } from "../../format/moments.ts";
import { useExperiments } from "../../reads/experiments.ts";
import { tracesAddress } from "../traces/traces-address.ts";
import { EditTags } from "./edit-tags.tsx";
import styles from "./trace-summary.module.css";
import { TwinMenu } from "./twin-menu.tsx";

interface TraceSummaryProps {
  readonly trace: Trace;
  /** The trace that is shown with it. Empty: none. */
  readonly beside: string;
  readonly onBeside: (traceId: string) => void;
  /** Why the other one cannot be shown. */
  readonly besideError: Error | null;
}

/** What is known of a trace as a whole, and the way to its other twins. */
export function TraceSummary({ trace, beside, onBeside, besideError }: TraceSummaryProps) {
  const { info } = trace;
  const experiments = useExperiments();
  const tags = useMemo(() => Object.entries(info?.tags ?? {}).filter(([key]) => !key.startsWith("mlflow.")), [info]);
  if (info === undefined) return null;
  const startMs = msOfNanos(info.startTimeUnixNano);
  // Of those that are not read its id is all that is known.
  const named = experiments.data?.find(({ id }) => id === info.experimentId)?.name ?? info.experimentId;
  const experiment = experiments.isPending ? "…" : named;
  const tokens = info.usage === undefined ? undefined : <TokensText {...info.usage} />;
  const where =
    info.experimentId === "" ? undefined : (
      <Link href={tracesAddress({ scope: { kind: "experiments", ids: [info.experimentId] } })}>{experiment}</Link>
    );
  return (
    <div className={styles["summary"]}>
      <div className={styles["line"]}>
        <Facts
          facts={[
            ["State", stateOf(info.state)],
            [
              "Started",
              <time key="start" title={wholeMomentText(startMs)}>
                {momentText(startMs, Date.now())}
              </time>,
            ],
            ["Duration", durationText(Number(info.durationNanos) / 1e6)],
            ["Tokens", tokens],
            ["Cost", info.cost === undefined ? undefined : costText(info.cost.totalNanoUsd)],
            ["Experiment", where],
            ["Caller", info.metadata["mlflow.gateway.caller"]],
            ["Session", info.metadata["mlflow.trace.session"]],
            ["User", info.metadata["mlflow.trace.user"]],
          ]}
        />
        <div className={styles["ways"]}>
          <EditTags traceId={info.traceId} tags={tags} />
          <TwinMenu trace={trace} beside={beside} onBeside={onBeside} />
        </div>
      </div>
      {besideError !== null && (
        <p role="alert" className={styles["error"]}>
          The other trace cannot be shown: {messageOf(besideError)}
        </p>
      )}
      {info.state === TraceState.TRACE_STATE_IN_PROGRESS && (
        <p className={styles["waits"]}>
          {info.experimentId === ""
            ? "Pending, in no experiment yet: the agent’s own spans have not arrived."
            : "In progress: the agent’s own root span has not arrived."}
        </p>
      )}
      {tags.length > 0 && (
        <div className={styles["tags"]}>
          {tags.map(([key, value]) => (
            <Chip key={key} title={`${key}: ${value}`}>
              {key}: {value}
            </Chip>
          ))}
        </div>
      )}
    </div>
  );
}

function stateOf(state: TraceState) {
  switch (state) {
    case TraceState.TRACE_STATE_OK:
      return <Chip tone="ok">ok</Chip>;
    case TraceState.TRACE_STATE_ERROR:
      return <Chip tone="bad">error</Chip>;
    default:
      return <Chip tone="wait">in progress</Chip>;
  }
}
