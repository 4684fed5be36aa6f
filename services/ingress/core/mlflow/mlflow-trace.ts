import { mlflowCostOf, mlflowUsageOf } from "#lib/spans/usage.ts";
import type { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { spansJson } from "./mlflow-span.ts";
import { durationText, namesOfEnum, timestampText } from "./proto-json.ts";

const STATES = namesOfEnum(TraceState);
const STATE_PREFIX = "TRACE_STATE_";

/**
 * A trace as MLflow's GetTrace answers it. Under `twinspan`, which MLflow's clients pass over, stands what MLflow has
 * no word for: the ids of the spans that are mirrors, in base64.
 */
export function traceJson({ info, resourceSpans, mirrorSpanIds }: Trace): object {
  return {
    trace_info: info === undefined ? {} : traceInfoJson(info),
    spans: spansJson(resourceSpans),
    twinspan: { mirror_span_ids: mirrorSpanIds.map((id) => id.toString("base64")) },
  };
}

/** A trace's TraceInfoV3. `twinspan` holds what MLflow has no word for. A pending trace has no experiment. */
export function traceInfoJson(info: TraceInfo): object {
  return {
    trace_id: info.traceId,
    ...(info.clientRequestId === "" ? {} : { client_request_id: info.clientRequestId }),
    trace_location: locationJson(info.experimentId),
    request_preview: info.requestPreview,
    response_preview: info.responsePreview,
    request_time: timestampText(info.startTimeUnixNano),
    execution_duration: durationText(info.durationNanos),
    state: stateText(info.state),
    trace_metadata: metadataJson(info),
    tags: tagsJson(info),
    twinspan: {
      pending: info.experimentId === "",
      unclaimed: info.unclaimed,
      sealed: info.sealed,
      span_count: info.spanCount,
      linked_trace_ids: info.linkedTraceIds,
    },
  };
}

function locationJson(experimentId: string): object {
  if (experimentId === "") return { type: "TRACE_LOCATION_TYPE_UNSPECIFIED" };
  return { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experimentId } };
}

/** MLflow's words for the states are ours without the prefix; the first one it calls by its type. */
function stateText(state: TraceState): string {
  const name = STATES.get(state) ?? "";
  return name.startsWith(STATE_PREFIX) && state !== TraceState.TRACE_STATE_UNSPECIFIED
    ? name.slice(STATE_PREFIX.length)
    : "STATE_UNSPECIFIED";
}

/** What the trace says of itself, and the totals under the keys that MLflow's pages read. */
function metadataJson({ metadata, usage, cost }: TraceInfo): object {
  return {
    "mlflow.trace_schema.version": "3",
    ...(usage === undefined ? {} : { "mlflow.trace.tokenUsage": mlflowUsageOf(usage) }),
    ...(cost === undefined ? {} : { "mlflow.trace.cost": mlflowCostOf(cost) }),
    ...metadata,
  };
}

/** The tags; MLflow's clients read a trace's spans from the server only where a tag says that they are there. */
function tagsJson({ name, tags }: TraceInfo): object {
  return { "mlflow.traceName": name, "mlflow.trace.spansLocation": "TRACKING_STORE", ...tags };
}
