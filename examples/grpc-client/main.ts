import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { GrpcInstrumentation } from "@opentelemetry/instrumentation-grpc";
import { register } from "import-in-the-middle/register-hooks.mjs";

// First the hook, then whatever imports grpc-js: the other way round nothing is instrumented, and nothing says so.
register();
registerInstrumentations({ instrumentations: [new GrpcInstrumentation()] });
const { startTelemetry } = await import("./telemetry.ts");
const { askGateway } = await import("./ask-gateway.ts");

const gateway = process.env["TWINSPAN_GATEWAY"] ?? "127.0.0.1:7001";
await using _telemetry = startTelemetry(
  process.env["TWINSPAN_TRACE_WRITER"] ?? "127.0.0.1:7002",
  "example-grpc-client",
);
try {
  const question = process.argv[2] ?? "What is a twin span?";
  const answered = await askGateway(gateway, process.env["TWINSPAN_ENDPOINT"] ?? "demo", question);
  process.stdout.write(`answer:  ${answered.text}\n`);
  process.stdout.write(`tokens:  ${answered.inputTokens} → ${answered.outputTokens}\n`);
  process.stdout.write(`trace:   ${answered.traceId}\ngateway: ${answered.gatewayTraceId}\n`);
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  // Any other code than UNAVAILABLE (14) is the gateway's own answer, which says what to do.
  const reached = error instanceof Error && "code" in error && error.code !== 14;
  const hint = reached ? "" : " Is twinspan running ('make up')?";
  process.stderr.write(`The gateway at ${gateway} gave no answer: ${why.replace(/\.$/, "")}.${hint}\n`);
  process.exitCode = 1;
}
