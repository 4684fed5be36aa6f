import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import { type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { millisecondsOf } from "./milliseconds.ts";
import { printable } from "./printable.ts";
import { tableOf } from "./table.ts";
import { tokensTextOf } from "./tokens-text.ts";

/** Traces as a table: id, state, when, how long, tokens, where, what. Ends with a line break. */
export function traceListOf(traces: readonly TraceInfo[], experiments: readonly Experiment[]): string {
  if (traces.length === 0) return "no traces\n";
  const names = new Map(experiments.map(({ id, name }) => [id, name]));
  const rows = traces.map((trace) => [
    trace.traceId,
    stateWordOf(trace.state),
    timeOf(trace.startTimeUnixNano),
    `${millisecondsOf(Number(trace.durationNanos) / 1e6)} ms`,
    trace.usage === undefined ? "" : tokensTextOf(trace.usage),
    ownerOf(trace, names),
    printable(trace.name),
  ]);
  return tableOf(rows);
}

function ownerOf({ experimentId, unclaimed }: TraceInfo, names: ReadonlyMap<string, string>): string {
  if (experimentId !== "") return names.get(experimentId) ?? experimentId;
  return unclaimed ? "(unclaimed)" : "(pending)";
}

function stateWordOf(state: TraceState): string {
  switch (state) {
    case TraceState.TRACE_STATE_OK:
      return "ok";
    case TraceState.TRACE_STATE_ERROR:
      return "error";
    case TraceState.TRACE_STATE_IN_PROGRESS:
      return "in progress";
    default:
      return "?";
  }
}

function timeOf(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString();
}
