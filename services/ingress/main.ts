import process from "node:process";
import { loadConfig } from "#lib/config/load.ts";
import { runService } from "#lib/lifecycle.ts";
import { createLogger } from "#lib/logger.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

registerTraceContext();

try {
  const config = loadConfig(process.env["TWINSPAN_CONFIG"] ?? "twinspan.yaml", process.env);
  const log = createLogger("ingress", config.log.level);
  // After the registration, and so not a static import: what loads grpc-js earlier carries no trace context.
  const { startIngress } = await import("./server.ts");
  await runService(log, config.ingress.drainMs, () => startIngress(config, { log }));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
