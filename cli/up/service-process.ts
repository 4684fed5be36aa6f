import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
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
  /** How long it may take until then, in milliseconds. */
  readonly readyMs: number;
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

/** How long it may take to end, in milliseconds. Then it is killed. */
const END_MS = 10_000;
const POLL_MS = 50;
const LAST_LINES = 5;

/** Starts a process and waits until it is ready. Fails with its last words when it ends instead. */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const log = openLog(options.logFile);
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
  const waited = new AbortController();
  const ready = waitUntilReady(options, waited.signal);
  const failed = await Promise.race([ready, died]).finally(() => waited.abort());
  if (failed !== undefined) throw failed;
  const kept = owned.move();
  return { died, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function openLog(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, "w");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new CliError(`${file} cannot be written${why}. Run this where you may write, or as the owner of that file.`, {
      cause,
    });
  }
}

/** Asks until it is ready, or until nobody waits for that any more. */
async function waitUntilReady(options: ServiceProcessOptions, over: AbortSignal): Promise<undefined> {
  const { name, readyUrl, readyMs, stop, logFile } = options;
  const signal = AbortSignal.any([stop, over, AbortSignal.timeout(readyMs)]);
  let lacks: readonly string[] = [];
  while (!signal.aborted) {
    const told = await askReady(readyUrl, signal);
    if (told === "ready") return undefined;
    if (told !== "silent") lacks = told;
    await delay(POLL_MS, undefined, { signal }).catch(() => {});
  }
  if (stop.aborted) throw new CliError("stopped before everything was ready");
  const why = lacks.length > 0 ? `: ${lacks.join("; ")}` : "";
  throw new CliError(`${name} is not ready after ${readyMs / 1000} s${why}. Its log may say more: ${logFile}`);
}

const readinessSchema = z.object({ degraded: z.array(z.string()) });

/** What it lacks, where it says so. `silent`: it says nothing, or does not listen yet. */
async function askReady(url: string, signal: AbortSignal): Promise<"ready" | "silent" | readonly string[]> {
  try {
    const response = await fetch(url, { signal });
    const body = await response.text();
    return response.ok ? "ready" : readinessSchema.parse(JSON.parse(body)).degraded;
  } catch {
    return "silent";
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
