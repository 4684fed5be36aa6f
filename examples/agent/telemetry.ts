import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { NodeSDK } from "@opentelemetry/sdk-node";

/** Where this agent's own spans go. */
export interface TelemetryOptions {
  /** The OTLP/HTTP endpoint, without `/v1/traces`. */
  readonly endpoint: string;
  /** The experiment that is to hold them. Created when missing. */
  readonly experiment: string;
}

/**
 * OpenTelemetry as any agent would set it up: spans by OTLP, HTTP clients instrumented, so that every request carries a
 * `traceparent`. Nothing here knows of twinspan but the address and one header.
 */
export function startTelemetry({ endpoint, experiment }: TelemetryOptions): AsyncDisposable {
  const sdk = new NodeSDK({
    serviceName: "example-agent",
    traceExporter: new OTLPTraceExporter({
      url: `${endpoint}/v1/traces`,
      headers: { "x-twinspan-experiment": experiment },
      // Retries of the last batch end with the agent: it need not outlive its answer for long.
      timeoutMillis: 3000,
    }),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation(),
      // The OpenAI SDK calls fetch, and fetch is undici. By default its spans bear the method alone.
      new UndiciInstrumentation({
        requestHook: (span, request) => void span.updateName(`${request.method} ${request.path.split("?", 1)[0]}`),
      }),
    ],
  });
  sdk.start();
  return {
    async [Symbol.asyncDispose]() {
      try {
        await sdk.shutdown();
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        process.stderr.write(`The last spans were not taken by ${endpoint}: ${why}\n`);
      }
    },
  };
}
