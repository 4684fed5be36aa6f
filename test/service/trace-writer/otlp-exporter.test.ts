import { Metadata } from "@grpc/grpc-js";
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { configSchema } from "#lib/config/schema.ts";
import { createLogger } from "#lib/logger.ts";
import type { GetExperimentResponse } from "#proto/twinspan/trace/v1/experiment_service.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { type Ingress, startIngress } from "../../../services/ingress/server.ts";
import { call, type Running, startRunning } from "./running.ts";
import { spansOf } from "./writing.ts";

const stack = new AsyncDisposableStack();
let running: Running;
let ingress: Ingress;
beforeAll(async () => {
  running = stack.use(await startRunning());
  const config = configSchema.parse({
    ingress: { listen: "127.0.0.1:0", gateway: "127.0.0.1:1", traceWriter: running.address },
  });
  ingress = stack.use(await startIngress(config, { log: createLogger("ingress", "silent") }));
});
afterAll(() => stack.disposeAsync());
afterEach(() => trace.disable());

const EXPERIMENT = { "x-twinspan-experiment": "agents" };
const http = () => ({ url: `${ingress.url}/v1/traces`, headers: EXPERIMENT });
const grpc = () => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(EXPERIMENT)) metadata.set(key, value);
  return { url: `http://${running.address}`, metadata };
};
const EXPORTERS = {
  gRPC: () => new GrpcExporter(grpc()),
  "HTTP/protobuf": () => new ProtobufExporter(http()),
  "HTTP/JSON": () => new JsonExporter(http()),
} as const;

test.each([
  ["gRPC", "none"],
  ["gRPC", "gzip"],
  ["HTTP/protobuf", "none"],
  ["HTTP/protobuf", "gzip"],
  ["HTTP/JSON", "none"],
  ["HTTP/JSON", "gzip"],
] as const)(
  "OpenTelemetry's own exporter over %s, compression %s, sends an agent's spans into the experiment it names",
  async (way, compression) => {
    vi.stubEnv("OTEL_EXPORTER_OTLP_COMPRESSION", compression);
    const sdk = new NodeSDK({
      serviceName: "exporting-agent",
      traceExporter: EXPORTERS[way](),
      metricReaders: [],
      logRecordProcessors: [],
    });
    sdk.start();
    const tracer = trace.getTracer("test");
    const traceId = tracer.startActiveSpan("answer", (root) => {
      tracer.startSpan("think", { links: [{ context: root.spanContext(), attributes: { why: "test" } }] }).end();
      root.setAttributes({ "session.id": "session-7", ratio: 0.5, count: 7, flag: true, list: ["a", "b"] });
      root.addEvent("thought", { of: "something" }).end();
      return root.spanContext().traceId;
    });
    await sdk.shutdown();
    const found = await call<GetTraceResponse>((done) => running.reader.getTrace({ traceId, view: 0 }, done));
    expect(found.trace?.info).toMatchObject({ name: "answer", state: TraceState.TRACE_STATE_OK, spanCount: 2 });
    expect(found.trace?.info?.metadata["mlflow.trace.session"]).toBe("session-7");
    const [root, child] = spansOf(found.trace).toSorted((a) => (a.name === "answer" ? -1 : 1));
    expect(root?.events.map(({ name }) => name)).toEqual(["thought"]);
    expect(Object.fromEntries((root?.attributes ?? []).map(({ key, value }) => [key, value?.value]))).toMatchObject({
      ratio: { $case: "doubleValue", value: 0.5 },
      count: { $case: "intValue", value: 7n },
      flag: { $case: "boolValue", value: true },
      list: { $case: "arrayValue" },
    });
    expect(child?.parentSpanId).toEqual(root?.spanId);
    expect(child?.links.map(({ traceId: linked }) => linked.toString("hex"))).toEqual([traceId]);
    const experiment = { ref: { $case: "name", value: "agents" } } as const;
    const { experiment: agents } = await call<GetExperimentResponse>((done) =>
      running.experiments.getExperiment({ experiment }, done),
    );
    expect(found.trace?.info?.experimentId).toBe(agents?.id);
  },
);
