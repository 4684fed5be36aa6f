import { runMain } from "#lib/service-main.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

await runMain({
  name: "ingress",
  section: "ingress",
  environment: process.env,
  drainMs: (config) => config.ingress.drainDelayMs + config.ingress.drainMs,
  async start(config, deps) {
    // Before anything imports grpc-js: the hook that carries the caller's context sees only what is loaded after it.
    registerTraceContext();
    const { startIngress } = await import("./server.ts");
    return startIngress(config, deps);
  },
});
