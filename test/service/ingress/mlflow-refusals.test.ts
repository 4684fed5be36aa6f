import { afterAll, beforeAll, expect, test } from "vitest";
import { traceId } from "../trace-writer/sample-traces.ts";
import { type MlflowRun, startMlflowRun, startTraceOf } from "./mlflow-run.ts";

let run: MlflowRun;
beforeAll(async () => {
  run = await startMlflowRun();
});
afterAll(() => run[Symbol.asyncDispose]());

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
  const { status, body: answer } = await run.ask(method, path, body);
  expect(answer).toEqual({ error_code: code, message: expect.stringMatching(/.+/) });
  expect(status).toBe(code === "INVALID_PARAMETER_VALUE" ? 400 : 404);
});
