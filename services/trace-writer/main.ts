import { runMain } from "#lib/service-main.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

// Before anything imports grpc-js: the hook that carries the caller's context sees only what is loaded after it.
registerTraceContext();
const { startTraceWriter: start } = await import("./server.ts");

await runMain({
  name: "trace-writer",
  environment: process.env,
  drainMs: (config) => config.traceWriter.drainMs,
  start,
});
