import { loadConfig } from "#lib/config/load.ts";
import { runService } from "#lib/lifecycle.ts";
import { createLogger } from "#lib/logger.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

// Before anything imports grpc-js: the hook that carries the caller's context sees only what is loaded after it.
registerTraceContext();
const { startTraceWriter } = await import("./server.ts");

try {
  const config = loadConfig(process.env["TWINSPAN_CONFIG"] ?? "twinspan.yaml", process.env);
  const log = createLogger("trace-writer", config.log.level);
  await runService(log, config.traceWriter.drainMs, () => startTraceWriter(config, { log }));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
