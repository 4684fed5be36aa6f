import { type ConfigSource, configSourceOf } from "./config/config-source.ts";
import type { Environment } from "./config/load.ts";
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
  /** `source` reads the configuration again, for services that take changes while they run. */
  start(config: Config, deps: { readonly log: Logger; readonly source: ConfigSource }): Promise<RunningService>;
}

/** Runs a service as this process. A configuration with faults is told on standard error, a line a fault, status 1. */
export async function runMain({ name, environment, drainMs, start }: ServiceMain): Promise<void> {
  const source = configSourceOf(environment["TWINSPAN_CONFIG"] ?? "twinspan.yaml", environment);
  let config: Config;
  try {
    config = source.read();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const log = createLogger(name, config.log);
  await runService(log, drainMs(config), () => start(config, { log, source }));
}
