import { runMain } from "#lib/service-main.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

// Before anything imports grpc-js: the hook that carries the caller's context sees only what is loaded after it.
registerTraceContext();
const { startGateway: start } = await import("./server.ts");

await runMain({
  name: "gateway",
  environment: process.env,
  drainMs: (config) => config.gateway.drainMs + config.gateway.outbox.drainMs,
  start,
});
