import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;
const START_MS = 20_000;

/** A process that is measured. Disposing of it ends it. */
export interface MeasuredProcess extends AsyncDisposable {
  readonly name: string;
  /** The processor time it has taken so far, all threads together, in seconds. */
  cpuSeconds(): number;
}

/** Starts a program of ours and waits until `readyUrl` answers 200. Its output goes to `logFile`. */
export async function startProcess(
  name: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  readyUrl: string,
  logFile: string,
): Promise<MeasuredProcess> {
  const log = openSync(logFile, "w");
  const child = spawn(process.execPath, args, { env: { ...process.env, ...environment }, stdio: ["ignore", log, log] });
  await untilReady(name, child, readyUrl, logFile);
  return {
    name,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function untilReady(name: string, child: ChildProcess, url: string, logFile: string): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end; ) {
    if (child.exitCode !== null) break;
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await delay(50);
  }
  child.kill("SIGKILL");
  throw new Error(`${name} did not start: ${readFileSync(logFile, "utf8").trim().split("\n").at(-1) ?? "no output"}`);
}

/** Fields 14 and 15 of /proc/<pid>/stat: time in user and in kernel mode. The name before them may hold spaces. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
