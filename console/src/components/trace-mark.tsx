import { type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { classes } from "./classes.ts";
import styles from "./trace-mark.module.css";

/** How a trace stands, at a glance: its state by colour, full traces filled, an agent's with mirrors as a frame. */
export function TraceMark({
  trace,
}: {
  readonly trace: Pick<TraceInfo, "state" | "sealed" | "linkedTraceIds" | "experimentId" | "unclaimed">;
}) {
  const words = `${kindOf(trace)}, ${stateOf(trace)}`;
  return (
    <>
      <span
        role="img"
        aria-label={words}
        title={words}
        className={classes(styles["mark"], styles[stateOf(trace).replace(" ", "-")], trace.sealed && styles["full"])}
      />
      {trace.experimentId === "" && (
        <span className={styles["waits"]}>{trace.unclaimed ? "unclaimed" : "pending"}</span>
      )}
    </>
  );
}

function kindOf({ sealed, linkedTraceIds }: Pick<TraceInfo, "sealed" | "linkedTraceIds">): string {
  if (sealed) return linkedTraceIds.length > 0 ? "Full trace with a mirror" : "Full trace";
  if (linkedTraceIds.length === 0) return "Agent's trace";
  return `Agent's trace with ${linkedTraceIds.length} ${linkedTraceIds.length === 1 ? "mirror" : "mirrors"}`;
}

/** A state in a word. */
function stateOf({ state }: Pick<TraceInfo, "state">): string {
  switch (state) {
    case TraceState.TRACE_STATE_OK:
      return "ok";
    case TraceState.TRACE_STATE_ERROR:
      return "error";
    default:
      return "in progress";
  }
}
