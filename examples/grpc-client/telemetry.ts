import { Metadata } from "@grpc/grpc-js";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { NodeSDK } from "@opentelemetry/sdk-node";

/**
 * OpenTelemetry's SDK with spans sent by OTLP/gRPC, straight to the trace-writer at `host:port`, into the experiment of
 * that name.
 */
export function startTelemetry(traceWriter: string, experiment: string): AsyncDisposable {
  const metadata = new Metadata();
  metadata.set("x-twinspan-experiment", experiment);
  const sdk = new NodeSDK({
    serviceName: "example-grpc-client",
    traceExporter: new OTLPTraceExporter({ url: `http://${traceWriter}`, metadata }),
    metricReaders: [],
    logRecordProcessors: [],
    // Those of gRPC are registered in main, before anything imports grpc-js.
    instrumentations: [],
  });
  sdk.start();
  return {
    async [Symbol.asyncDispose]() {
      try {
        await sdk.shutdown();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        process.stderr.write(`The last spans were not taken by ${traceWriter}: ${why}\n`);
      }
    },
  };
}
