import { type ConfigSource, configSourceOf } from "./config/config-source.ts";
import type { Environment } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { letHeapGrow } from "./heap-growth.ts";
import { type RunningService, runService } from "./lifecycle.ts";
import { createLogger, type Logger } from "./logger.ts";
import type { Answers } from "./workers/questions.ts";
import { startWorkers } from "./workers/start-workers.ts";
import { workerCountOf } from "./workers/worker-count.ts";
import { ONLY_PROCESS, openPrimaryLink, PLACE_VARIABLE, type WorkerLink } from "./workers/worker-link.ts";
import { shareOf, type WorkingService } from "./workers/worker-share.ts";

/** A service, as its processes run it. */
export interface ServiceMain {
  /** Its name in the log. */
  readonly name: string;
  /** Its name in the configuration. */
  readonly section: WorkingService;
  /** The process's environment: TWINSPAN_CONFIG names the configuration, `twinspan.yaml` by default. */
  readonly environment: Environment;
  /** How long it may take to finish what it has accepted, in milliseconds. */
  drainMs(config: Config): number;
  /** `source` reads the configuration again, for services that take changes while they run. */
  start(
    config: Config,
    deps: { readonly log: Logger; readonly source: ConfigSource; readonly link: WorkerLink },
  ): Promise<RunningService>;
  /** What its workers may ask of their primary. Undefined: they share nothing. */
  shared?(): Promise<Answers>;
}

/** What a primary has beyond its workers' drain limit: time to see them end. */
const SEEING_MS = 1_000;

/**
 * Runs a service as this process, or as a primary with as many workers as its configuration says, each of which is this
 * program again. A configuration with faults is told on standard error, a line a fault, status 1.
 */
export async function runMain(main: ServiceMain): Promise<void> {
  letHeapGrow();
  const { name, section, environment, drainMs } = main;
  const source = configSourceOf(environment["TWINSPAN_CONFIG"] ?? "twinspan.yaml", environment);
  let config: Config;
  try {
    config = source.read();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  const primary = openPrimaryLink(environment[PLACE_VARIABLE]);
  const log = createLogger(name, config.log, undefined, primary?.place.number);
  const count = workerCountOf(config, section);
  if (primary === undefined && count > 1) {
    const limitMs = drainMs(config) + SEEING_MS;
    await runService(log, limitMs, async () => startWorkers({ count, log, shared: (await main.shared?.()) ?? {} }));
    return;
  }
  const link = primary ?? ONLY_PROCESS;
  const share = (whole: Config) => shareOf(whole, section, link.place);
  const shared = { ...source, read: () => share(source.read()) };
  await runService(log, drainMs(config), () => main.start(share(config), { log, source: shared, link }), primary);
}
