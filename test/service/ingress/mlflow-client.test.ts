import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { call } from "../trace-writer/running.ts";
import { idsOf, record, spanId, traceId } from "../trace-writer/sample-traces.ts";
import { type MlflowRun, startMlflowRun, startTraceOf } from "./mlflow-run.ts";

let run: MlflowRun;
beforeAll(async () => {
  run = await startMlflowRun();
});
afterAll(() => run[Symbol.asyncDispose]());

let next = 0xc0;
const fresh = () => next++;
const searched = z.object({ experiments: z.array(z.object({ name: z.string() })), next_page_token: z.string() });

test("a client finds its server's version, an experiment that is not there, and makes it", async () => {
  const version = await fetch(`${run.url}/version`);
  expect(await version.text()).toMatch(/^3\.\d+\.\d+$/);
  expect(await (await fetch(`${run.url}/health`)).text()).toBe("OK");
  const byName = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=mlflow+agent";
  expect(await run.ask("GET", byName)).toMatchObject({
    status: 404,
    body: { error_code: "RESOURCE_DOES_NOT_EXIST" },
  });
  const id = await run.newExperiment("mlflow agent");
  expect(await run.ask("GET", byName)).toMatchObject({
    status: 200,
    body: { experiment: { experiment_id: id, name: "mlflow agent", lifecycle_stage: "active" } },
  });
  expect(await run.ask("POST", "/api/2.0/mlflow/experiments/create", { name: "mlflow agent" })).toEqual({
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
    const id = await run.newExperiment(`claims ${n}`);
    const claim = () => run.ask("POST", "/api/3.0/mlflow/traces", startTraceOf(id, trace));
    const claimed = first ? [await claim()] : [];
    const mirrored = record({ n, caller: { trace, span: spanId(1) } });
    await call((callback) => run.traceWriter.writer.writeInvocations({ records: [mirrored] }, callback));
    await run.logSpans(id, trace);
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
    expect(await run.ask("GET", `/api/3.0/mlflow/traces/tr-${trace}?trace_id=tr-${trace}`)).toEqual(answer);
    const names = ["answer", "gateway/demo", "model/scripted/echo-1"];
    const spans = names.map((name) => expect.objectContaining({ name }));
    const whole = expect.objectContaining({ trace_info: expect.objectContaining({ trace_id: `tr-${trace}` }), spans });
    expect((await run.ask("GET", `/api/3.0/mlflow/traces/get?trace_id=tr-${trace}&allow_partial=False`)).body).toEqual({
      trace: whole,
    });
    const nobody = `tr-${traceId(0xdead)}`;
    const batch = `/api/3.0/mlflow/traces/batchGet?trace_ids=tr-${trace}&trace_ids=${nobody}&trace_ids=tr-${idsOf(n).full}`;
    expect((await run.ask("GET", batch)).body).toEqual({ traces: [whole, expect.objectContaining({})] });
    const infos = { trace_ids: [nobody, `tr-${trace}`] };
    expect((await run.ask("POST", "/api/3.0/mlflow/traces/batchGetInfos", infos)).body).toEqual({
      trace_infos: [info],
    });
    const locations = [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: id } }];
    const search = await run.ask("POST", "/api/3.0/mlflow/traces/search", { locations, max_results: 100 });
    expect(search.body).toEqual({ traces: [info], next_page_token: "" });
  },
);

test("tags are set and removed, on full traces too, but a full trace is not overwritten", async () => {
  const n = fresh();
  await call((callback) => run.traceWriter.writer.writeInvocations({ records: [record({ n })] }, callback));
  const name = `tr-${idsOf(n).full}`;
  const tags = `/api/2.0/mlflow/traces/${name}/tags`;
  const read = async () => (await run.ask("GET", `/api/3.0/mlflow/traces/${name}`)).body;
  expect(await run.ask("PATCH", tags, { key: "stage", value: "final" })).toEqual({ status: 200, body: {} });
  expect(await run.ask("PATCH", tags, { key: "empty", value: "" })).toEqual({ status: 200, body: {} });
  expect(await read()).toMatchObject({ trace: { trace_info: { tags: { stage: "final", empty: "" } } } });
  expect(await run.ask("DELETE", tags, { key: "stage" })).toEqual({ status: 200, body: {} });
  expect(await run.ask("DELETE", `${tags}?key=empty`)).toEqual({ status: 200, body: {} });
  expect(await read()).toMatchObject({
    trace: {
      trace_info: { tags: { "mlflow.traceName": "gateway/demo", "mlflow.trace.spansLocation": "TRACKING_STORE" } },
    },
  });
  const before = await read();
  expect(await run.ask("POST", "/api/3.0/mlflow/traces", startTraceOf("0", idsOf(n).full))).toMatchObject({
    status: 403,
    body: { error_code: "PERMISSION_DENIED" },
  });
  expect(await read()).toEqual(before);
});

test("traces are deleted by their ids, and by their age, the oldest first", async () => {
  const id = await run.newExperiment("deleted");
  const traces = [traceId(fresh()), traceId(fresh()), traceId(fresh())];
  for (const trace of traces) await run.logSpans(id, trace);
  const remove = (asked: object) =>
    run.ask("POST", "/api/2.0/mlflow/traces/delete-traces", { experiment_id: id, ...asked });
  const ids = traces.map((trace) => `tr-${trace}`);
  expect((await remove({ request_ids: [ids[0], `tr-${traceId(0xdead)}`] })).body).toEqual({ traces_deleted: "1" });
  expect((await remove({ max_timestamp_millis: 1_000 })).body).toEqual({ traces_deleted: "0" });
  expect((await remove({ max_timestamp_millis: 4_398_046_511_104, max_traces: 1 })).body).toEqual({
    traces_deleted: "1",
  });
  expect((await remove({ max_timestamp_millis: -(2 ** 70) })).body).toEqual({ traces_deleted: "0" });
  expect((await remove({ max_timestamp_millis: "9223372036854775807" })).body).toEqual({ traces_deleted: "1" });
  expect((await run.ask("GET", `/api/3.0/mlflow/traces/${ids[0]}`)).status).toBe(404);
});

test("experiments are searched by name, page by page", async () => {
  const names = ["sought/a", "sought/b", "sought/c"];
  for (const name of names) await run.newExperiment(name);
  const search = async (asked: object) =>
    searched.parse(
      (await run.ask("POST", "/api/2.0/mlflow/experiments/search", { view_type: "ACTIVE_ONLY", ...asked })).body,
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
  expect(await run.ask("POST", "/api/2.0/mlflow/experiments/search", byTime)).toMatchObject({ status: 400 });
});

test("an experiment is renamed", async () => {
  const id = await run.newExperiment("before");
  const update = { experiment_id: id, new_name: "after" };
  expect(await run.ask("POST", "/api/2.0/mlflow/experiments/update", update)).toEqual({ status: 200, body: {} });
  expect(await run.ask("GET", `/api/2.0/mlflow/experiments/get?experiment_id=${id}`)).toMatchObject({
    body: { experiment: { name: "after" } },
  });
});

test("the spans of a trace are read as MLflow's file of them", async () => {
  const trace = traceId(fresh());
  await run.logSpans("0", trace);
  const { body } = await run.ask("GET", `/ajax-api/2.0/mlflow/get-trace-artifact?request_id=tr-${trace}`);
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
