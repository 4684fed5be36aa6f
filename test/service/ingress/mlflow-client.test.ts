import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { type Ingress, startIngress } from "../../../services/ingress/server.ts";
import { call, type Running, startRunning } from "../trace-writer/running.ts";
import { idsOf, record, resourceSpans, span, spanId, traceId } from "../trace-writer/sample-traces.ts";

/**
 * The requests that MLflow's Python client 3.17.2 was seen to send, in its order, against a real trace-writer: what
 * `make interop` does with the client itself.
 */
const stack = new AsyncDisposableStack();
let traceWriter: Running;
let ingress: Ingress;

beforeAll(async () => {
  traceWriter = stack.use(await startRunning());
  const config = configSchema.parse({ ingress: { listen: "127.0.0.1:0", traceWriter: traceWriter.address } });
  ingress = stack.use(await startIngress(config, { log: createLogger("ingress", "silent") }));
});
afterAll(() => stack.disposeAsync());

let next = 0xc0;
const fresh = () => next++;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A request as Python's `requests` sends it: a body with DELETE too. */
async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const init = {
    method,
    headers: {
      "x-mlflow-client-version": "3.17.2",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await fetch(`${ingress.url}${path}`, init);
  return { status: response.status, body: await response.json() };
}

async function newExperiment(name: string): Promise<string> {
  const { body } = await ask("POST", "/api/2.0/mlflow/experiments/create", { name });
  expect(body).toEqual({ experiment_id: expect.stringMatching(/^\d+$/) });
  return typeof body === "object" && body !== null && "experiment_id" in body ? String(body.experiment_id) : "";
}

const searched = z.object({ experiments: z.array(z.object({ name: z.string() })), next_page_token: z.string() });

/** The spans as MLflow's exporter sends them: protobuf, the experiment in a header. */
async function logSpans(experimentId: string, trace: string): Promise<void> {
  const said = { "mlflow.spanInputs": '{"question": "why"}', "mlflow.spanType": '"AGENT"' };
  const spans = [span({ trace, span: spanId(1), start: 0, end: 900, name: "answer", attributes: said })];
  const body = ExportTraceServiceRequest.encode({ resourceSpans: [resourceSpans(spans)] }).finish();
  const headers = { "content-type": "application/x-protobuf", "x-mlflow-experiment-id": experimentId };
  const response = await fetch(`${ingress.url}/v1/traces`, { method: "POST", headers, body: Buffer.from(body) });
  expect(response.status).toBe(200);
}

function startTraceOf(experimentId: string, trace: string) {
  return {
    trace: {
      trace_info: {
        trace_id: `tr-${trace}`,
        client_request_id: "request-7",
        trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: experimentId } },
        request_time: "2026-05-28T20:26:40Z",
        execution_duration: "0.115s",
        state: "OK",
        trace_metadata: { "mlflow.trace.session": "a session", "mlflow.trace_schema.version": "3" },
        tags: { "mlflow.traceName": "answer", stage: "draft", kept: "yes" },
      },
    },
  };
}

test("a client finds its server's version, an experiment that is not there, and makes it", async () => {
  const version = await fetch(`${ingress.url}/version`);
  expect(await version.text()).toMatch(/^3\.\d+\.\d+$/);
  expect(await (await fetch(`${ingress.url}/health`)).text()).toBe("OK");
  const byName = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=mlflow+agent";
  expect(await ask("GET", byName)).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
  const id = await newExperiment("mlflow agent");
  expect(await ask("GET", byName)).toMatchObject({
    status: 200,
    body: { experiment: { experiment_id: id, name: "mlflow agent", lifecycle_stage: "active" } },
  });
  expect(await ask("POST", "/api/2.0/mlflow/experiments/create", { name: "mlflow agent" })).toEqual({
    status: 409,
    body: { error_code: "RESOURCE_ALREADY_EXISTS", message: expect.any(String) },
  });
});

test.each([
  ["before", true],
  ["after", false],
])(
  "what is said of a trace comes %s its spans, twice, and reads the same; the mirror stands within",
  async (_, first) => {
    const n = fresh();
    const trace = traceId(n);
    const id = await newExperiment(`claims ${n}`);
    const claim = () => ask("POST", "/api/3.0/mlflow/traces", startTraceOf(id, trace));
    const claimed = first ? [await claim()] : [];
    const mirrored = record({ n, caller: { trace, span: spanId(1) } });
    await call((callback) => traceWriter.writer.writeInvocations({ records: [mirrored] }, callback));
    await logSpans(id, trace);
    claimed.push(await claim(), await claim());
    const info = {
      trace_id: `tr-${trace}`,
      client_request_id: "request-7",
      trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: id } },
      request_preview: '{"question": "why"}',
      response_preview: "",
      request_time: "2026-05-28T20:26:40Z",
      execution_duration: expect.any(String),
      state: "OK",
      trace_metadata: expect.objectContaining({ "mlflow.trace.session": "a session" }),
      tags: {
        "mlflow.traceName": "answer",
        "mlflow.trace.spansLocation": "TRACKING_STORE",
        stage: "draft",
        kept: "yes",
      },
      twinspan: expect.objectContaining({ pending: false, span_count: 3, linked_trace_ids: [`tr-${idsOf(n).full}`] }),
    };
    const answer = {
      status: 200,
      body: { trace: { trace_info: info } },
    };
    expect(claimed.at(-1)).toEqual(answer);
    expect(await ask("GET", `/api/3.0/mlflow/traces/tr-${trace}?trace_id=tr-${trace}`)).toEqual(answer);
    const names = ["answer", "gateway/demo", "model/scripted/echo-1"];
    const spans = names.map((name) => expect.objectContaining({ name }));
    const whole = expect.objectContaining({ trace_info: expect.objectContaining({ trace_id: `tr-${trace}` }), spans });
    expect((await ask("GET", `/api/3.0/mlflow/traces/get?trace_id=tr-${trace}&allow_partial=False`)).body).toEqual({
      trace: whole,
    });
    const nobody = `tr-${traceId(0xdead)}`;
    const batch = `/api/3.0/mlflow/traces/batchGet?trace_ids=tr-${trace}&trace_ids=${nobody}&trace_ids=tr-${idsOf(n).full}`;
    expect((await ask("GET", batch)).body).toEqual({ traces: [whole, expect.objectContaining({})] });
    const infos = { trace_ids: [nobody, `tr-${trace}`] };
    expect((await ask("POST", "/api/3.0/mlflow/traces/batchGetInfos", infos)).body).toEqual({
      trace_infos: [info],
    });
    const locations = [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: id } }];
    const search = await ask("POST", "/api/3.0/mlflow/traces/search", { locations, max_results: 100 });
    expect(search.body).toEqual({ traces: [info], next_page_token: "" });
  },
);

test("tags are set and removed, on full traces too, but a full trace is not overwritten", async () => {
  const n = fresh();
  await call((callback) => traceWriter.writer.writeInvocations({ records: [record({ n })] }, callback));
  const name = `tr-${idsOf(n).full}`;
  const tags = `/api/2.0/mlflow/traces/${name}/tags`;
  const read = async () => (await ask("GET", `/api/3.0/mlflow/traces/${name}`)).body;
  expect(await ask("PATCH", tags, { key: "stage", value: "final" })).toEqual({ status: 200, body: {} });
  expect(await ask("PATCH", tags, { key: "empty", value: "" })).toEqual({ status: 200, body: {} });
  expect(await read()).toMatchObject({ trace: { trace_info: { tags: { stage: "final", empty: "" } } } });
  expect(await ask("DELETE", tags, { key: "stage" })).toEqual({ status: 200, body: {} });
  expect(await ask("DELETE", `${tags}?key=empty`)).toEqual({ status: 200, body: {} });
  expect(await read()).toMatchObject({
    trace: {
      trace_info: { tags: { "mlflow.traceName": "gateway/demo", "mlflow.trace.spansLocation": "TRACKING_STORE" } },
    },
  });
  const before = await read();
  expect(await ask("POST", "/api/3.0/mlflow/traces", startTraceOf("0", idsOf(n).full))).toMatchObject({
    status: 403,
    body: { error_code: "PERMISSION_DENIED" },
  });
  expect(await read()).toEqual(before);
});

test("traces are deleted by their ids, and by their age, the oldest first", async () => {
  const id = await newExperiment("deleted");
  const traces = [traceId(fresh()), traceId(fresh()), traceId(fresh())];
  for (const trace of traces) await logSpans(id, trace);
  const remove = (asked: object) =>
    ask("POST", "/api/2.0/mlflow/traces/delete-traces", { experiment_id: id, ...asked });
  const ids = traces.map((trace) => `tr-${trace}`);
  expect((await remove({ request_ids: [ids[0], `tr-${traceId(0xdead)}`] })).body).toEqual({ traces_deleted: "1" });
  expect((await remove({ max_timestamp_millis: 1_000 })).body).toEqual({ traces_deleted: "0" });
  expect((await remove({ max_timestamp_millis: 4_398_046_511_104, max_traces: 1 })).body).toEqual({
    traces_deleted: "1",
  });
  expect((await remove({ max_timestamp_millis: -(2 ** 70) })).body).toEqual({ traces_deleted: "0" });
  expect((await remove({ max_timestamp_millis: "9223372036854775807" })).body).toEqual({ traces_deleted: "1" });
  expect((await ask("GET", `/api/3.0/mlflow/traces/${ids[0]}`)).status).toBe(404);
});

test("experiments are searched by name, page by page", async () => {
  const names = ["sought/a", "sought/b", "sought/c"];
  for (const name of names) await newExperiment(name);
  const search = async (asked: object) =>
    searched.parse(
      (await ask("POST", "/api/2.0/mlflow/experiments/search", { view_type: "ACTIVE_ONLY", ...asked })).body,
    );
  const found: string[] = [];
  let token = "";
  do {
    const page = await search({
      filter: "name LIKE 'sought/%' AND name != 'sought/b'",
      max_results: 1,
      page_token: token,
    });
    expect(page.experiments.length).toBeLessThanOrEqual(1);
    found.push(...page.experiments.map(({ name }) => name));
    token = page.next_page_token;
  } while (token !== "");
  expect(found).toEqual(["sought/a", "sought/c"]);
  expect((await search({ filter: "attribute.name = 'sought/b'" })).experiments.map(({ name }) => name)).toEqual([
    "sought/b",
  ]);
  expect((await search({ view_type: "DELETED_ONLY" })).experiments).toEqual([]);
  const byTime = { filter: "creation_time > 5" };
  expect(await ask("POST", "/api/2.0/mlflow/experiments/search", byTime)).toMatchObject({ status: 400 });
});

test("an experiment is renamed", async () => {
  const id = await newExperiment("before");
  const update = { experiment_id: id, new_name: "after" };
  expect(await ask("POST", "/api/2.0/mlflow/experiments/update", update)).toEqual({ status: 200, body: {} });
  expect(await ask("GET", `/api/2.0/mlflow/experiments/get?experiment_id=${id}`)).toMatchObject({
    body: { experiment: { name: "after" } },
  });
});

test("the spans of a trace are read as MLflow's file of them", async () => {
  const trace = traceId(fresh());
  await logSpans("0", trace);
  const { body } = await ask("GET", `/ajax-api/2.0/mlflow/get-trace-artifact?request_id=tr-${trace}`);
  expect(body).toEqual({
    spans: [
      {
        trace_id: Buffer.from(trace, "hex").toString("base64"),
        span_id: "AAAAAAAAAAE=",
        parent_span_id: null,
        name: "answer",
        start_time_unix_nano: "1780000000000000000",
        end_time_unix_nano: "1780000000000000900",
        events: [],
        status: { code: expect.stringMatching(/^STATUS_CODE_/), message: "" },
        attributes: {
          "mlflow.spanInputs": '{"question":"why"}',
          "mlflow.spanType": '"AGENT"',
          "mlflow.traceRequestId": `"tr-${trace}"`,
        },
        links: [],
      },
    ],
  });
});

const EMPTY = startTraceOf("0", traceId(0xbad));
const said = (info: object) => ({ trace: { trace_info: { ...EMPTY.trace.trace_info, ...info } } });

test.each([
  [
    "a trace that is not there",
    "GET",
    `/api/3.0/mlflow/traces/tr-${traceId(0xdead)}`,
    undefined,
    "RESOURCE_DOES_NOT_EXIST",
  ],
  [
    "a tag of a trace that is not there",
    "PATCH",
    `/api/2.0/mlflow/traces/tr-${traceId(0xdead)}/tags`,
    { key: "a" },
    "RESOURCE_DOES_NOT_EXIST",
  ],
  [
    "a tag that is not to be set",
    "PATCH",
    `/api/2.0/mlflow/traces/tr-${traceId(0xdead)}/tags`,
    { key: "mlflow.trace.spansLocation", value: "x" },
    "INVALID_PARAMETER_VALUE",
  ],
  ["no key", "DELETE", `/api/2.0/mlflow/traces/tr-${traceId(0xdead)}/tags`, {}, "INVALID_PARAMETER_VALUE"],
  ["an id that is none", "POST", "/api/3.0/mlflow/traces", said({ trace_id: "tr-7" }), "INVALID_PARAMETER_VALUE"],
  [
    "a time that is none",
    "POST",
    "/api/3.0/mlflow/traces",
    said({ request_time: "yesterday" }),
    "INVALID_PARAMETER_VALUE",
  ],
  [
    "a time that no clock shows",
    "POST",
    "/api/3.0/mlflow/traces",
    said({ request_time: "9999-01-01T00:00:00Z" }),
    "INVALID_PARAMETER_VALUE",
  ],
  [
    "a duration that never ends",
    "POST",
    "/api/3.0/mlflow/traces",
    said({ execution_duration: "999999999999s" }),
    "INVALID_PARAMETER_VALUE",
  ],
  [
    "a duration that is none",
    "POST",
    "/api/3.0/mlflow/traces",
    said({ execution_duration: "-1s" }),
    "INVALID_PARAMETER_VALUE",
  ],
  ["a state that is none", "POST", "/api/3.0/mlflow/traces", said({ state: "DONE" }), "INVALID_PARAMETER_VALUE"],
  [
    "an experiment that is not there",
    "POST",
    "/api/3.0/mlflow/traces",
    startTraceOf("987654", traceId(0xbad)),
    "RESOURCE_DOES_NOT_EXIST",
  ],
  [
    "a deletion of everything and nothing",
    "POST",
    "/api/2.0/mlflow/traces/delete-traces",
    { experiment_id: "0" },
    "INVALID_PARAMETER_VALUE",
  ],
  [
    "a deletion from nowhere",
    "POST",
    "/api/2.0/mlflow/traces/delete-traces",
    { experiment_id: "987654", max_timestamp_millis: 1 },
    "RESOURCE_DOES_NOT_EXIST",
  ],
  [
    "an experiment without a name",
    "POST",
    "/api/2.0/mlflow/experiments/create",
    { name: "" },
    "INVALID_PARAMETER_VALUE",
  ],
  [
    "a name for nobody",
    "POST",
    "/api/2.0/mlflow/experiments/update",
    { experiment_id: "987654", new_name: "x" },
    "RESOURCE_DOES_NOT_EXIST",
  ],
  ["what is not here", "POST", "/api/2.0/mlflow/runs/create", {}, "ENDPOINT_NOT_FOUND"],
])("%s is answered in MLflow's words", async (_what, method, path, body, code) => {
  const { status, body: answer } = await ask(method, path, body);
  expect(answer).toEqual({ error_code: code, message: expect.stringMatching(/.+/) });
  expect(status).toBe(code === "INVALID_PARAMETER_VALUE" ? 400 : 404);
});
