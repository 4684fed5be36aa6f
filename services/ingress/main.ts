import { runMain } from "#lib/service-main.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

// Before anything imports grpc-js: the hook that carries the caller's context sees only what is loaded after it.
registerTraceContext();
const { startIngress: start } = await import("./server.ts");

await runMain({
  name: "ingress",
  environment: process.env,
  drainMs: (config) => config.ingress.drainDelayMs + config.ingress.drainMs,
  start,
});
