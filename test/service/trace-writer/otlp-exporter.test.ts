import { Metadata } from "@grpc/grpc-js";
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { expect, test } from "vitest";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { GetTraceResponse } from "#proto/twinspan/trace/v1/trace_reader_service.ts";
import { call, startRunning } from "./running.ts";
import { spansOf } from "./writing.ts";

test("OpenTelemetry's own exporter sends an agent's spans over gRPC, into the experiment it names", async () => {
  await using running = await startRunning();
  const metadata = new Metadata();
  metadata.set("x-twinspan-experiment", "agents");
  const sdk = new NodeSDK({
    serviceName: "exporting-agent",
    traceExporter: new OTLPTraceExporter({ url: `http://${running.address}`, metadata }),
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const traceId = trace.getTracer("test").startActiveSpan("answer", (root) => {
    trace.getTracer("test").startSpan("think").end();
    root.setAttribute("session.id", "session-7").end();
    return root.spanContext().traceId;
  });
  await sdk.shutdown();
  const found = await call<GetTraceResponse>((done) => running.reader.getTrace({ traceId, view: 0 }, done));
  expect(found.trace?.info).toMatchObject({ name: "answer", state: TraceState.TRACE_STATE_OK, spanCount: 2 });
  expect(found.trace?.info?.metadata["mlflow.trace.session"]).toBe("session-7");
  expect(new Set(spansOf(found.trace).map(({ name }) => name))).toEqual(new Set(["answer", "think"]));
});
