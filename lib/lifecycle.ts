import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "./logger.ts";

/** What a service may take, beyond its drain limit, to close what it owns. */
const CLOSING_MS = 2_000;

/** A service that runs until it is disposed of. */
export interface RunningService extends AsyncDisposable {
  /** Takes changes of its configuration. Never throws. Undefined: it takes none while it runs. */
  readonly reload?: () => void;
}

/** The process that has started this one, as one of the workers of a service. */
export interface Superior {
  /** Does from now on what it is told. */
  obey(orders: { stop(): void; reload(): void }): void;
  /** Says that the service runs. */
  ready(): void;
  /** Lets go of it, so that the process can end. */
  leave(): void;
}

/**
 * Runs a service as this process: starts it, waits for SIGTERM or SIGINT, disposes of it (not ready, finish what was
 * accepted, flush), and lets the event loop empty. A second signal, or `drainMs` and two seconds gone by, ends the
 * process at once with status 1. A start that fails is one line on standard error and status 1. On SIGHUP it reloads
 * the service; one that is still starting, or has nothing to reload, is left as it is.
 *
 * A worker hears the same of its superior. Signals that a terminal or a supervisor sends to all processes at once come
 * to it besides, so a second one ends nothing here: a superior that is ended at once takes its workers with it.
 *
 * Nothing else in twinspan hears signals.
 */
export async function runService(
  log: Logger,
  drainMs: number,
  start: () => Promise<RunningService>,
  superior?: Superior,
): Promise<void> {
  const stopping = Promise.withResolvers<string>();
  let isStopping = false;
  const stop = (why: string) => {
    if (isStopping) return;
    isStopping = true;
    // From here, and not only once it has started: a start that hangs must end too.
    endAtOnce(log, drainMs + CLOSING_MS, superior !== undefined);
    stopping.resolve(why);
  };
  let running: RunningService | undefined;
  const onHangUp = () => {
    if (running?.reload === undefined) log.info("nothing is reloaded: a restart takes a new configuration");
    else running.reload();
  };
  process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", onHangUp);
  superior?.obey({ stop: () => stop("told by the primary"), reload: onHangUp });
  try {
    await using service = await start();
    running = service;
    superior?.ready();
    const signal = await stopping.promise;
    running = undefined;
    log.info({ signal, drainMs }, "draining");
  } catch (error) {
    log.error({ err: error }, "service failed");
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    superior?.leave();
    return;
  }
  log.info("stopped");
  superior?.leave();
}

/** Calls `end` when the process ends, however it does but by SIGKILL, until it is disposed of. It cannot wait for anything. */
export function onProcessEnd(end: () => void): Disposable {
  process.once("exit", end);
  return { [Symbol.dispose]: () => void process.removeListener("exit", end) };
}

/** From here on a second signal, or the limit, is the end. A worker only has the limit. */
function endAtOnce(log: Logger, limitMs: number, isWorker: boolean): void {
  const end = (reason: string) => {
    log.error({ reason }, "ended before it was drained");
    process.exit(1);
  };
  if (!isWorker) process.once("SIGTERM", end).once("SIGINT", end);
  delay(limitMs, undefined, { ref: false }).then(() => end("drain limit"));
}
