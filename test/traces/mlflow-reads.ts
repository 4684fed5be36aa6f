import { expect } from "vitest";
import { z } from "zod";
import { type Trace, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { spansOf } from "./stored-traces.ts";

const attribute = z.looseObject({ key: z.string(), value: z.unknown() });
const traceInfo = z.looseObject({
  trace_id: z.string(),
  state: z.string(),
  trace_metadata: z.record(z.string(), z.string()),
});
const span = z.looseObject({
  trace_id: z.string(),
  span_id: z.string(),
  parent_span_id: z.string().nullish(),
  name: z.string(),
  start_time_unix_nano: z.union([z.string(), z.number()]),
  end_time_unix_nano: z.union([z.string(), z.number()]),
  attributes: z.array(attribute),
  links: z.array(z.looseObject({ trace_id: z.string(), span_id: z.string() })).nullish(),
});
const answerSchema = z.object({ trace: z.looseObject({ trace_info: traceInfo, spans: z.array(span) }) });

/** A trace as MLflow's own read over HTTP gives it, as text. */
export async function mlflowTraceText(url: string, traceId: string): Promise<string> {
  const named = traceId.startsWith("tr-") ? traceId : `tr-${traceId}`;
  const answer = await fetch(`${url}/api/3.0/mlflow/traces/get?trace_id=${named}`);
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  return text;
}

/**
 * Checks that MLflow's read over HTTP tells the same of a trace as TraceReaderService did: behind the attributes that
 * were sent it may have some of MLflow's own.
 */
export async function expectMlflowReadsTheSame(url: string, trace: Trace): Promise<void> {
  const text = await mlflowTraceText(url, trace.info?.traceId ?? "");
  const { trace: read } = answerSchema.parse(JSON.parse(text));
  const sent = spansOf(trace);
  expect(read.trace_info.trace_id).toBe(trace.info?.traceId);
  expect(read.trace_info.state).toBe(stateOf(trace.info?.state));
  expect(
    read.spans.map((one, index) => ({
      traceId: one.trace_id,
      spanId: one.span_id,
      parent: one.parent_span_id ?? "",
      name: one.name,
      start: String(one.start_time_unix_nano),
      end: String(one.end_time_unix_nano),
      links: (one.links ?? []).map((link) => [link.trace_id, link.span_id]),
      keys: one.attributes.slice(0, sent[index]?.attributes.length).map(({ key }) => key),
    })),
  ).toEqual(
    sent.map((one) => ({
      traceId: one.traceId.toString("base64"),
      spanId: one.spanId.toString("base64"),
      parent: one.parentSpanId.toString("base64"),
      name: one.name,
      start: String(one.startTimeUnixNano),
      end: String(one.endTimeUnixNano),
      links: one.links.map((link) => [link.traceId.toString("base64"), link.spanId.toString("base64")]),
      keys: one.attributes.map(({ key }) => key),
    })),
  );
  const added = read.spans.flatMap((one, index) => one.attributes.slice(sent[index]?.attributes.length));
  expect(added.map(({ key }) => key).filter((key) => !key.startsWith("mlflow."))).toEqual([]);
}

/** The ids of an experiment's traces, as MLflow's search over HTTP lists them. */
export async function mlflowSearch(url: string, experimentId: string): Promise<readonly string[]> {
  const location = { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experimentId } };
  const answer = await fetch(`${url}/api/3.0/mlflow/traces/search`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ locations: [location], max_results: 500 }),
  });
  const page = z.object({ traces: z.array(traceInfo).nullish() }).parse(await answer.json());
  return (page.traces ?? []).map(({ trace_id }) => trace_id);
}

function stateOf(state: TraceState | undefined): string {
  switch (state) {
    case TraceState.TRACE_STATE_OK:
      return "OK";
    case TraceState.TRACE_STATE_ERROR:
      return "ERROR";
    case TraceState.TRACE_STATE_IN_PROGRESS:
      return "IN_PROGRESS";
    default:
      return "STATE_UNSPECIFIED";
  }
}
