import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "./logger.ts";

/** What a service may take, beyond its drain limit, to close what it owns. */
const CLOSING_MS = 2_000;

/** A service that runs until it is disposed of. */
export interface RunningService extends AsyncDisposable {
  /** Takes changes of its configuration. Never throws. Undefined: it takes none while it runs. */
  readonly reload?: () => void;
}

/**
 * Runs a service as this process: starts it, waits for SIGTERM or SIGINT, disposes of it (not ready, finish what was
 * accepted, flush), and lets the event loop empty. A second signal, or `drainMs` and two seconds gone by, ends the process at once with
 * status 1. A start that fails is one line on standard error and status 1. On SIGHUP it reloads the service; one that is
 * still starting, or has nothing to reload, is left as it is.
 *
 * Nothing else in twinspan hears signals.
 */
export async function runService(log: Logger, drainMs: number, start: () => Promise<RunningService>): Promise<void> {
  const stopping = Promise.withResolvers<string>();
  const onSignal = (signal: string) => {
    process.removeListener("SIGTERM", onSignal).removeListener("SIGINT", onSignal);
    // From here, and not only once it has started: a start that hangs must end too.
    endAtOnce(log, drainMs + CLOSING_MS);
    stopping.resolve(signal);
  };
  let running: RunningService | undefined;
  const onHangUp = () => {
    if (running?.reload === undefined) log.info("nothing is reloaded: a restart takes a new configuration");
    else running.reload();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal).on("SIGHUP", onHangUp);
  try {
    await using service = await start();
    running = service;
    const signal = await stopping.promise;
    running = undefined;
    log.info({ signal, drainMs }, "draining");
  } catch (error) {
    log.error({ err: error }, "service failed");
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return;
  }
  log.info("stopped");
}

/** From here on a second signal, or the limit, is the end. */
function endAtOnce(log: Logger, limitMs: number): void {
  const end = (reason: string) => {
    log.error({ reason }, "ended before it was drained");
    process.exit(1);
  };
  process.once("SIGTERM", end).once("SIGINT", end);
  delay(limitMs, undefined, { ref: false }).then(() => end("drain limit"));
}
