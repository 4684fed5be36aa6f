import { expect } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import { ExportTraceServiceRequest } from "#proto/opentelemetry/proto/collector/trace/v1/trace_service.ts";
import { startIngress } from "../../../services/ingress/server.ts";
import { type Running, startRunning } from "../trace-writer/running.ts";
import { resourceSpans, span, spanId } from "../trace-writer/sample-traces.ts";

/**
 * An ingress before a real trace-writer, and the requests that MLflow's Python client 3.17.2 was seen to send: what
 * `make interop` does with the client itself.
 */
export interface MlflowRun extends AsyncDisposable {
  readonly url: string;
  readonly traceWriter: Running;
  /** A request as Python's `requests` sends it: a body with DELETE too. */
  ask(method: string, path: string, body?: object): Promise<Answer>;
  /** Makes an experiment. Returns its id. */
  newExperiment(name: string): Promise<string>;
  /** Sends a root span as MLflow's exporter does: protobuf, the experiment in a header. */
  logSpans(experimentId: string, trace: string): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export async function startMlflowRun(): Promise<MlflowRun> {
  await using opened = new AsyncDisposableStack();
  const traceWriter = opened.use(await startRunning());
  const config = configSchema.parse({ ingress: { listen: "127.0.0.1:0", traceWriter: traceWriter.address } });
  const { url } = opened.use(await startIngress(config, { log: createLogger("ingress", "silent") }));
  const resources = opened.move();

  async function ask(method: string, path: string, body?: object): Promise<Answer> {
    const headers = { "x-mlflow-client-version": "3.17.2", "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, { method, headers, ...sent });
    return { status: response.status, body: await response.json() };
  }

  return {
    url,
    traceWriter,
    ask,
    async newExperiment(name) {
      const { body } = await ask("POST", "/api/2.0/mlflow/experiments/create", { name });
      expect(body).toEqual({ experiment_id: expect.stringMatching(/^\d+$/) });
      return typeof body === "object" && body !== null && "experiment_id" in body ? String(body.experiment_id) : "";
    },
    async logSpans(experimentId, trace) {
      const said = { "mlflow.spanInputs": '{"question": "why"}', "mlflow.spanType": '"AGENT"' };
      const spans = [span({ trace, span: spanId(1), start: 0, end: 900, name: "answer", attributes: said })];
      const body = ExportTraceServiceRequest.encode({ resourceSpans: [resourceSpans(spans)] }).finish();
      const headers = { "content-type": "application/x-protobuf", "x-mlflow-experiment-id": experimentId };
      const response = await fetch(`${url}/v1/traces`, { method: "POST", headers, body: Buffer.from(body) });
      expect(response.status).toBe(200);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The body of StartTraceV3, with which MLflow's client ends a trace. */
export function startTraceOf(experimentId: string, trace: string) {
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
