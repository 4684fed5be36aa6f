import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../io.ts";

export interface ServiceProcessOptions {
  readonly name: string;
  /** What Node runs, and its arguments. */
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Everything it writes goes here; what was there before is gone. */
  readonly logFile: string;
  /** Answers 200 once it takes calls. */
  readonly readyUrl: string;
  /** Ends the waiting. */
  readonly stop: AbortSignal;
  /** Ends the process without waiting. */
  readonly stopNow: AbortSignal;
}

/** A process that takes calls. Disposing of it asks it to end, and after 10 seconds makes it. */
export interface ServiceProcess extends AsyncDisposable {
  /** Resolves when it ends before it was asked to, with what to tell the user. */
  readonly died: Promise<CliError>;
}

/** How long a service may take until it is ready, in milliseconds. */
const READY_MS = 30_000;
/** How long it may take to end, in milliseconds. Then it is killed. */
const END_MS = 10_000;
const POLL_MS = 50;
const LAST_LINES = 5;

/** Starts a process and waits until it is ready. Fails with its last words when it ends instead. */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "w");
  // In a process group of its own: Ctrl-C reaches us alone, and we stop everything in order.
  const child = spawn(process.execPath, options.command, {
    cwd: options.directory,
    env: options.environment,
    stdio: ["ignore", log, log],
    detached: true,
  });
  let asked = false;
  const ended = once(child, "exit").then(([code, signal]) => String(signal ?? `status ${code}`));
  const died = ended.then((how) => (asked ? new Promise<never>(() => {}) : deathOf(options, how)));
  await using owned = new AsyncDisposableStack();
  owned.defer(async () => {
    asked = true;
    await end(child, ended, options.stopNow);
  });
  const ready = waitUntilReady(options);
  const failed = await Promise.race([ready, died]);
  if (failed !== undefined) throw failed;
  const kept = owned.move();
  return { died, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function waitUntilReady({ name, readyUrl, stop, logFile }: ServiceProcessOptions): Promise<undefined> {
  const deadline = AbortSignal.timeout(READY_MS);
  const signal = AbortSignal.any([stop, deadline]);
  while (!signal.aborted) {
    if (await answers(readyUrl, signal)) return undefined;
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  if (stop.aborted) throw new CliError("stopped before everything was ready");
  throw new CliError(`${name} is not ready after ${READY_MS / 1000} s. Its log says why: ${logFile}`);
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, { signal });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Nobody listens there yet, which is what the caller waits for.
    return false;
  }
}

async function end(child: ChildProcess, ended: Promise<string>, stopNow: AbortSignal): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const signal = AbortSignal.any([stopNow, AbortSignal.timeout(END_MS)]);
  const impatient = signal.aborted ? Promise.resolve() : once(signal, "abort");
  await Promise.race([ended, impatient]);
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await ended;
}

function deathOf({ name, logFile }: ServiceProcessOptions, how: string): CliError {
  const lines = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-LAST_LINES);
  const said = lines.map((line) => `  ${line.slice(0, 500)}`).join("\n");
  return new CliError(`${name} ended (${how}). Its last lines, from ${logFile}:\n${said}`);
}
