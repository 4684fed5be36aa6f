import { runMain } from "#lib/service-main.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

await runMain({
  name: "trace-writer",
  section: "traceWriter",
  environment: process.env,
  drainMs: (config) => config.traceWriter.drainMs,
  async start(config, deps) {
    // Before anything imports grpc-js: the hook that carries the caller's context sees only what is loaded after it.
    registerTraceContext();
    const { startTraceWriter } = await import("./server.ts");
    return startTraceWriter(config, deps);
  },
});
