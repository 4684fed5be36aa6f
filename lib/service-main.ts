import { type Environment, loadConfig } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { type RunningService, runService } from "./lifecycle.ts";
import { createLogger, type Logger } from "./logger.ts";

/** A service, as its process runs it. */
export interface ServiceMain {
  /** Its name in the log. */
  readonly name: string;
  /** The process's environment: TWINSPAN_CONFIG names the configuration, `twinspan.yaml` by default. */
  readonly environment: Environment;
  /** How long it may take to finish what it has accepted, in milliseconds. */
  drainMs(config: Config): number;
  start(config: Config, deps: { readonly log: Logger }): Promise<RunningService>;
}

/** Runs a service as this process. A configuration with faults is told on standard error, a line a fault, status 1. */
export async function runMain({ name, environment, drainMs, start }: ServiceMain): Promise<void> {
  let config: Config;
  try {
    config = loadConfig(environment["TWINSPAN_CONFIG"] ?? "twinspan.yaml", environment);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const log = createLogger(name, config.log.level);
  await runService(log, drainMs(config), () => start(config, { log }));
}
