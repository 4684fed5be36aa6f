import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;
const START_MS = 60_000;
/** A process that is told to end has so long; then it is killed. */
const END_MS = 15_000;
const POLL_MS = 50;

/** A process that is measured, with all that it started. Disposing of it ends it. */
export interface MeasuredProcess extends AsyncDisposable {
  readonly name: string;
  /** The processor time it has taken so far, all threads and all its children together, in seconds. */
  cpuSeconds(): number;
}

/** What is to be started. */
export interface Program {
  readonly name: string;
  /** Default: the Node that runs this. */
  readonly command?: string;
  readonly args: readonly string[];
  /** Default: the present one. */
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its output goes. */
  readonly logFile: string;
  /** Whether it may be used now. */
  readonly isReady: () => Promise<boolean>;
}

/** Starts a program and waits until it is ready. Rejects with the last line that it wrote when it does not get there. */
export async function startProcess(program: Program): Promise<MeasuredProcess> {
  const { name, command = process.execPath, args, directory, environment = {}, logFile } = program;
  const log = openSync(logFile, "w");
  const env = { ...process.env, ...environment };
  const child = spawn(command, args, { cwd: directory, env, stdio: ["ignore", log, log] });
  closeSync(log);
  await untilReady(child, program);
  return {
    name,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const limit = setTimeout(() => child.kill("SIGKILL"), END_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}

/** Whether a URL is answered with 2xx. */
export async function answersAt(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}

/** Whether somebody takes connections at a port of this machine. */
export async function listensAt(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    // Nobody does, which is an answer too.
    return false;
  } finally {
    socket.destroy();
  }
}

async function untilReady(child: ChildProcess, { name, logFile, isReady }: Program): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end; ) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (await isReady()) return;
    await delay(POLL_MS);
  }
  child.kill("SIGKILL");
  throw new Error(`${name} did not start: ${readFileSync(logFile, "utf8").trim().split("\n").at(-1) ?? "no output"}`);
}

/** Of a process and its descendants, those that have ended included. 0: it has ended itself. */
export function cpuSecondsOf(pid: number): number {
  try {
    return ticksOf(pid) / TICKS_PER_SECOND;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}

/**
 * Fields 14 to 17 of /proc/<pid>/stat: time in user and in kernel mode, its own and that of children which have ended.
 * The name before them may hold spaces.
 */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  return childrenOf(pid).reduce((sum, child) => sum + ticksOf(child), own);
}

/** The processes that a process has started and that live. */
export function childrenOf(pid: number): readonly number[] {
  const lists = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"),
  );
  return lists.flatMap((list) => list.split(" ").filter(Boolean)).map(Number);
}
