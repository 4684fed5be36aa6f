import { startTelemetry } from "./telemetry.ts";

const ingress = process.env["TWINSPAN_URL"] ?? "http://127.0.0.1:8080";
const question = process.argv[2] ?? "What is a twin span?";

await using _telemetry = startTelemetry({
  endpoint: process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? ingress,
  experiment: "example-agent",
});
// After the instrumentation, and so not a static import: what is loaded earlier may escape it.
const { answerQuestion } = await import("./agent.ts");
const baseUrl = process.env["OPENAI_BASE_URL"] ?? `${ingress}/v1`;
try {
  const { traceId, answer } = await answerQuestion(baseUrl, process.env["TWINSPAN_ENDPOINT"] ?? "demo", question);
  process.stdout.write(`question: ${question}\nanswer:   ${answer}\ntrace:    ${traceId}\n`);
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  // An error with a status is twinspan's own answer, which says what to do.
  const answered = error instanceof Error && "status" in error && error.status !== undefined;
  const hint = answered ? "" : " Is twinspan running ('make up')?";
  process.stderr.write(`The agent got no answer from ${baseUrl}: ${why.replace(/\.$/, "")}.${hint}\n`);
  process.exitCode = 1;
}
