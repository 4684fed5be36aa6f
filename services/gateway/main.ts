import { runMain } from "#lib/service-main.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

await runMain({
  name: "gateway",
  section: "gateway",
  environment: process.env,
  drainMs: (config) => config.gateway.drainMs + config.gateway.outbox.drainMs,
  async start(config, deps) {
    // Before anything imports grpc-js: the hook that carries the caller's context sees only what is loaded after it.
    registerTraceContext();
    const { startGateway } = await import("./server.ts");
    return startGateway(config, deps);
  },
  async shared() {
    const { primaryAnswers } = await import("./primary.ts");
    return primaryAnswers();
  },
});
