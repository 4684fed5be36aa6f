import { z } from "zod";
import { invalidField } from "#lib/service-error.ts";
import { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import type { UpdateExperimentRequest } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { DeleteTracesRequest } from "#proto/twinspan/trace/v1/trace_editor_service.ts";
import { parseJsonBody } from "../body/parse-json-body.ts";
import { parseDuration, parseTimestamp } from "../core/mlflow/proto-json.ts";

const entries = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {});
const text = z
  .string()
  .nullish()
  .transform((given) => given ?? "");
/** Milliseconds since the Unix epoch, as a number or as text. What is out of range is brought within it. */
const milliseconds = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d{1,19}$/)
      .transform(Number),
  ])
  .transform(millisecondsOf);
const ids = z.array(z.string());

const startTrace = z.object({
  trace: z.object({
    trace_info: z.object({
      trace_id: z.string(),
      client_request_id: text,
      trace_location: z.object({ mlflow_experiment: z.object({ experiment_id: z.string() }) }),
      request_preview: text,
      response_preview: text,
      request_time: z.string(),
      execution_duration: z.string().nullish(),
      state: z.enum(["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"]).default("STATE_UNSPECIFIED"),
      trace_metadata: entries,
      tags: entries,
    }),
  }),
});

const STATES = {
  STATE_UNSPECIFIED: TraceState.TRACE_STATE_UNSPECIFIED,
  OK: TraceState.TRACE_STATE_OK,
  ERROR: TraceState.TRACE_STATE_ERROR,
  IN_PROGRESS: TraceState.TRACE_STATE_IN_PROGRESS,
} as const;

/** Reads the body of MLflow's StartTraceV3: what an agent says of its trace as a whole, at its end. */
export function parseStartTrace(body: Buffer): TraceClaim {
  const { trace_info: info } = parseJsonBody(startTrace, body).trace;
  const start = parseTimestamp(info.request_time);
  const duration = parseDuration(info.execution_duration ?? "0s");
  if (start === undefined) throw invalidField("trace.trace_info.request_time", "must be a time as in RFC 3339");
  if (duration === undefined)
    throw invalidField("trace.trace_info.execution_duration", 'must be seconds, such as "1.5s"');
  return {
    traceId: info.trace_id,
    experiment: { ref: { $case: "id", value: info.trace_location.mlflow_experiment.experiment_id } },
    state: STATES[info.state],
    startTimeUnixNano: start,
    durationNanos: duration,
    clientRequestId: info.client_request_id,
    requestPreview: info.request_preview,
    responsePreview: info.response_preview,
    metadata: info.trace_metadata,
    tags: info.tags,
  };
}

const deletion = z.object({
  experiment_id: z.string(),
  max_timestamp_millis: milliseconds.optional(),
  max_traces: z.int32().min(1).optional(),
  request_ids: ids.default([]),
  trace_ids: ids.default([]),
});

/** Reads the body of MLflow's DeleteTraces. Its older and its newer name for the ids are both taken. */
export function parseTraceDeletion(body: Buffer): DeleteTracesRequest {
  const asked = parseJsonBody(deletion, body);
  const untilMs = asked.max_timestamp_millis;
  return {
    experimentId: asked.experiment_id,
    traceIds: [...asked.request_ids, ...asked.trace_ids],
    // A millisecond is over with its last nanosecond.
    startTimeUnixNanoMax: untilMs === undefined ? undefined : untilMs * 1_000_000n + 999_999n,
    tracesMax: asked.max_traces ?? 0,
  };
}

const tag = z.object({ key: z.string(), value: text });

/** Reads the body of MLflow's SetTraceTag. */
export function parseTag(body: Buffer): z.output<typeof tag> {
  return parseJsonBody(tag, body);
}

const tagKey = z.object({ key: z.string().optional() });

/** Reads the body of MLflow's DeleteTraceTag. Undefined: there is none, and the key is in the query. */
export function parseTagKey(body: Buffer): string | undefined {
  return parseJsonBody(tagKey, body).key;
}

const traceIds = z.object({ trace_ids: ids });

/** Reads the body of MLflow's BatchGetTraceInfos. */
export function parseTraceIds(body: Buffer): readonly string[] {
  return parseJsonBody(traceIds, body).trace_ids;
}

const newExperiment = z.object({ name: z.string() });
const renamedExperiment = z.object({ experiment_id: z.string(), new_name: z.string() });

/** Reads the body of MLflow's CreateExperiment. */
export function parseNewExperiment(body: Buffer): z.output<typeof newExperiment> {
  return parseJsonBody(newExperiment, body);
}

/** Reads the body of MLflow's UpdateExperiment. */
export function parseRenamedExperiment(body: Buffer): UpdateExperimentRequest {
  const { experiment_id: id, new_name: name } = parseJsonBody(renamedExperiment, body);
  return { experiment: { ...Experiment.decode(new Uint8Array()), id, name }, updateMask: ["name"] };
}

/** At most the last millisecond that 64 bits of nanoseconds hold. */
const MILLISECONDS_MAX = 9_223_372_036_853;

function millisecondsOf(given: number): bigint {
  return BigInt(Math.trunc(Math.min(Math.max(given, -1), MILLISECONDS_MAX)));
}
