import { loadConfig } from "#lib/config/load.ts";
import { runService } from "#lib/lifecycle.ts";
import { createLogger } from "#lib/logger.ts";
import { registerTraceContext } from "#lib/trace-context/register.ts";

// The hook that carries the trace context must be there before anything imports grpc-js, hence the import after it.
registerTraceContext();
const { startGateway } = await import("./server.ts");

const config = loadConfig(process.env["TWINSPAN_CONFIG"] ?? "twinspan.yaml", process.env);
const log = createLogger("gateway", config.log.level);
const { drainMs, outbox } = config.gateway;
await runService(log, drainMs + outbox.drainMs, () => startGateway(config, { log }));
