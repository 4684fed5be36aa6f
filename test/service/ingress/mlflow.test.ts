import { afterAll, beforeAll, expect, test } from "vitest";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { type IngressRun, startIngressRun } from "./ingress-run.ts";
import { INFO, PENDING_ID, TRACE, TRACE_ID } from "./sample-trace.ts";

let run: IngressRun;
beforeAll(async () => {
  run = await startIngressRun();
  run.traceWriter.traces = [
    TRACE,
    {
      info: {
        ...INFO,
        traceId: `tr-${PENDING_ID}`,
        experimentId: "",
        state: TraceState.TRACE_STATE_IN_PROGRESS,
        durationNanos: 1_000_000_000n,
        startTimeUnixNano: 1_700_000_000_000_000_000n,
        usage: undefined,
        cost: undefined,
      },
      resourceSpans: [],
      mirrorSpanIds: [],
    },
  ];
  run.traceWriter.experiments = [
    {
      id: "7",
      name: "gateway/demo",
      createTime: { seconds: 1_700_000_000n, nanos: 123_000_000 },
      updateTime: { seconds: 1_700_000_001n, nanos: 0 },
      traceCount: 0n,
      storedBytes: 0n,
    },
  ];
});
afterAll(() => run[Symbol.asyncDispose]());

async function read(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const init =
    body === undefined
      ? {}
      : {
          method: "POST",
          body: typeof body === "string" ? body : JSON.stringify(body),
          headers: { "content-type": "application/json" },
        };
  const response = await fetch(`${run.ingress.url}${path}`, init);
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(response.headers.get("x-request-id")).toBeTruthy();
  return { status: response.status, body: await response.json() };
}

const TRACE_INFO = {
  trace_id: `tr-${TRACE_ID}`,
  trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "7" } },
  request_preview: "hi",
  response_preview: "ho",
  request_time: "2023-11-14T22:13:20.123456789Z",
  execution_duration: "1.234s",
  state: "OK",
  trace_metadata: {
    "mlflow.trace_schema.version": "3",
    "mlflow.trace.tokenUsage": '{"input_tokens":41,"output_tokens":57,"total_tokens":98}',
    "mlflow.trace.cost": '{"input_cost":0.000001,"output_cost":0.000002,"total_cost":0.000003}',
    "mlflow.gateway.endpointId": "ep-1",
  },
  tags: { "mlflow.traceName": "gateway/demo", "mlflow.trace.spansLocation": "TRACKING_STORE", mine: "1" },
  twinspan: {
    pending: false,
    unclaimed: false,
    sealed: true,
    span_count: 2,
    linked_trace_ids: ["tr-00000000000000000000000000000001"],
  },
};
const PENDING_INFO = {
  ...TRACE_INFO,
  trace_id: `tr-${PENDING_ID}`,
  trace_location: { type: "TRACE_LOCATION_TYPE_UNSPECIFIED" },
  request_time: "2023-11-14T22:13:20Z",
  execution_duration: "1s",
  state: "IN_PROGRESS",
  trace_metadata: { "mlflow.trace_schema.version": "3", "mlflow.gateway.endpointId": "ep-1" },
  twinspan: { ...TRACE_INFO.twinspan, pending: true },
};

test.each(["/api", "/ajax-api"])("a trace is read under %s in MLflow's shape", async (prefix) => {
  const id = Buffer.from(TRACE_ID, "hex").toString("base64");
  const { status, body } = await read(`${prefix}/3.0/mlflow/traces/get?trace_id=tr-${TRACE_ID}&allow_partial=true`);
  expect(status).toBe(200);
  expect(body).toEqual({
    trace: {
      trace_info: TRACE_INFO,
      spans: [
        {
          trace_id: id,
          span_id: "AAAAAAAAAAE=",
          name: "gateway/demo",
          kind: "SPAN_KIND_SERVER",
          start_time_unix_nano: "1700000000123456789",
          end_time_unix_nano: "1700000001357456789",
          attributes: [
            { key: "text", value: { string_value: "t" } },
            { key: "whole", value: { int_value: "9007199254740993" } },
            { key: "real", value: { double_value: 1.5 } },
            { key: "none", value: { double_value: "NaN" } },
            { key: "flag", value: { bool_value: false } },
            { key: "bytes", value: { bytes_value: "AQI=" } },
            { key: "list", value: { array_value: { values: [{ string_value: "x" }] } } },
            { key: "map", value: { kvlist_value: { values: [{ key: "k", value: {} }] } } },
          ],
          events: [{ time_unix_nano: "5", name: "exception", attributes: [], dropped_attributes_count: 2 }],
          links: [{ trace_id: "AAAAAAAAAAAAAAAAAAAAAQ==", span_id: "AAAAAAAAAAk=", attributes: [] }],
          status: { code: "STATUS_CODE_UNSET" },
        },
        {
          trace_id: id,
          span_id: "AAAAAAAAAAI=",
          parent_span_id: "AAAAAAAAAAE=",
          name: "model/scripted/echo-1",
          kind: "SPAN_KIND_CLIENT",
          start_time_unix_nano: "1700000000200000000",
          end_time_unix_nano: "1700000001000000000",
          attributes: [],
          events: [],
          links: [],
          status: { code: "STATUS_CODE_ERROR", message: "provider_timeout" },
        },
      ],
      twinspan: { mirror_span_ids: ["AAAAAAAAAAI="] },
    },
  });
});

test("a pending trace has no experiment", async () => {
  const { body } = await read(`/api/3.0/mlflow/traces/get?trace_id=${PENDING_ID.toUpperCase()}`);
  expect(body).toMatchObject({ trace: { trace_info: PENDING_INFO, spans: [] } });
});

test("a search hands on its experiments and its page, and lists traces without spans", async () => {
  const { status, body } = await read("/api/3.0/mlflow/traces/search", {
    locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "7" } }],
    filter: "trace.status = 'OK' AND tags.x LIKE '%y%'",
    order_by: ["timestamp_ms DESC"],
    max_results: 5,
    page_token: "there",
    future: true,
  });
  expect(status).toBe(200);
  expect(body).toEqual({ traces: [TRACE_INFO, PENDING_INFO], next_page_token: "next" });
  expect(run.traceWriter.searches.at(-1)).toEqual({
    experimentIds: ["7"],
    pending: false,
    unclaimed: false,
    pageSize: 5,
    pageToken: "there",
    filter: "trace.status = 'OK' AND tags.x LIKE '%y%'",
    orderBy: "timestamp_ms DESC",
  });
});

test("a search may ask for the traces that nobody claims", async () => {
  expect((await read("/api/3.0/mlflow/traces/search", { unclaimed: true })).status).toBe(200);
  expect(run.traceWriter.searches.at(-1)).toMatchObject({ experimentIds: [], pending: false, unclaimed: true });
});

test("a search may ask for the pending traces", async () => {
  expect((await read("/ajax-api/3.0/mlflow/traces/search", { pending: true })).status).toBe(200);
  expect(run.traceWriter.searches.at(-1)).toEqual({
    experimentIds: [],
    pending: true,
    unclaimed: false,
    pageSize: 0,
    pageToken: "",
    filter: "",
    orderBy: "",
  });
});

const EXPERIMENT = {
  experiment_id: "7",
  name: "gateway/demo",
  artifact_location: "",
  lifecycle_stage: "active",
  creation_time: "1700000000123",
  last_update_time: "1700000001000",
  tags: [],
};

test.each(["/api", "/ajax-api"])("experiments are read under %s by name, by id and as a list", async (prefix) => {
  const base = `${prefix}/2.0/mlflow/experiments`;
  expect(await read(`${base}/get-by-name?experiment_name=gateway%2Fdemo`)).toEqual({
    status: 200,
    body: { experiment: EXPERIMENT },
  });
  expect(await read(`${base}/get?experiment_id=7`)).toEqual({ status: 200, body: { experiment: EXPERIMENT } });
  expect(await read(`${base}/search`, { max_results: 10, view_type: "ACTIVE_ONLY" })).toEqual({
    status: 200,
    body: { experiments: [EXPERIMENT], next_page_token: "" },
  });
});

test.each([
  [
    "a trace that is not there",
    "/api/3.0/mlflow/traces/get?trace_id=tr-ffffffffffffffffffffffffffffffff",
    undefined,
    404,
    "RESOURCE_DOES_NOT_EXIST",
  ],
  [
    "an experiment that is not there",
    "/api/2.0/mlflow/experiments/get-by-name?experiment_name=x",
    undefined,
    404,
    "RESOURCE_DOES_NOT_EXIST",
  ],
  ["an id that is none", "/api/3.0/mlflow/traces/get?trace_id=tr-1", undefined, 400, "INVALID_PARAMETER_VALUE"],
  ["no id", "/api/3.0/mlflow/traces/get", undefined, 400, "INVALID_PARAMETER_VALUE"],
  ["two ids", "/api/3.0/mlflow/traces/get?trace_id=a&trace_id=b", undefined, 400, "INVALID_PARAMETER_VALUE"],
  ["no experiment", "/api/3.0/mlflow/traces/search", {}, 400, "INVALID_PARAMETER_VALUE"],
  [
    "a negative page",
    "/api/3.0/mlflow/traces/search",
    { pending: true, max_results: -1 },
    400,
    "INVALID_PARAMETER_VALUE",
  ],
  ["text that is not JSON", "/api/3.0/mlflow/traces/search", "{", 400, "INVALID_PARAMETER_VALUE"],
  [
    "an order of experiments",
    "/api/2.0/mlflow/experiments/search",
    { order_by: ["name ASC"] },
    400,
    "INVALID_PARAMETER_VALUE",
  ],
  [
    "a body that is too large",
    "/api/2.0/mlflow/experiments/search",
    " ".repeat(300_000),
    413,
    "INVALID_PARAMETER_VALUE",
  ],
  ["a path that is not there", "/ajax-api/2.0/mlflow/runs/get", undefined, 404, "ENDPOINT_NOT_FOUND"],
  ["a wrong method", "/api/2.0/mlflow/experiments/search", undefined, 405, "BAD_REQUEST"],
])("%s is answered in MLflow's words", async (_what, path, body, status, code) => {
  const answer = await read(path, body);
  expect(answer).toEqual({ status, body: { error_code: code, message: expect.stringMatching(/.+/) } });
});
