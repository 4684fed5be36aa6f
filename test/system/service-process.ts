import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { boundToParent } from "../../tools/bound-to-parent.ts";
import { sumOfMetric } from "../../tools/metrics-text.ts";
import { until } from "../../tools/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Tests start dozens of processes, and most of a start is compiling: it is done once for all of them. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), "twinspan-compile-cache") };
const READY_MS = 60_000;
const END_MS = 20_000;
/** pino's number for errors: a failure that is nobody's fault but ours. */
const LOG_ERROR = 50;

/** Something that became of a service. */
export interface ServiceEvent {
  /** In milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Such as "is ready". */
  readonly what: string;
}

/** Children that live now: a test run that is broken off takes them with it, also where they cannot be bound to it. */
const living = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/**
 * A service of ours as a real process. It may be killed and started again; disposing of it ends it with SIGTERM, and
 * fails when it does not end with 0, or when any of its lives has logged an error.
 */
export class ServiceProcess implements AsyncDisposable {
  readonly name: string;
  /** The base URL of its `/readyz` and `/metrics`. */
  readonly opsUrl: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #program: readonly string[];
  /** Where its program is. */
  #tree = ROOT;
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve("never started");
  #output = "";
  readonly #story: ServiceEvent[] = [];

  /** `program` is the file that Node runs, and its arguments. Default: the service of that name. */
  constructor(
    name: string,
    opsUrl: string,
    environment: Readonly<Record<string, string>>,
    program: readonly string[] = [`services/${name}/main.ts`],
  ) {
    this.name = name;
    this.opsUrl = opsUrl;
    this.#environment = environment;
    this.#program = program;
  }

  /** Everything it has written so far, in all its lives. */
  get output(): string {
    return this.#output;
  }

  /** What became of it, in all its lives: starts, signals, ends. */
  get story(): readonly ServiceEvent[] {
    return this.#story;
  }

  /** The process's number in its present life. Undefined: it is not running. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** From its next start on it runs from another tree of the repository. Default: this one. */
  runFrom(tree: string = ROOT): void {
    this.#tree = tree;
  }

  /** Starts it, and waits until it says that it is ready. */
  async start(): Promise<void> {
    const child = spawn(...boundToParent(process.execPath, this.#program), {
      cwd: this.#tree,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...COMPILE_CACHE, ...this.#environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    living.add(child);
    this.#child = child;
    this.#tell("is started");
    const read = (part: Buffer) => {
      this.#output += part.toString();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    this.#ended = once(child, "close").then(([code, signal]) => {
      living.delete(child);
      if (this.#child === child) this.#child = undefined;
      this.#tell(`has ended with ${signal ?? code}`);
      return String(signal ?? code);
    });
    await until(
      `${this.name} is ready`,
      async () => {
        if (this.#child !== child) throw new Error(`${this.name} ended at its start:\n${this.#lastLines()}`);
        return (await this.readiness()) === 200;
      },
      READY_MS,
    );
    this.#tell("is ready");
  }

  /** Sends a signal, as it is. */
  signal(signal: "SIGKILL" | "SIGTERM" | "SIGHUP" | "SIGSTOP" | "SIGCONT"): void {
    if (this.#child?.kill(signal) === true) this.#tell(`gets ${signal}`);
  }

  /** Kills it with SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended();
  }

  /** Asks it to end, and waits. Fails when it does not end with 0. */
  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.kill("SIGCONT");
    this.signal("SIGTERM");
    const how = await this.ended();
    if (how !== "0") throw new Error(`${this.name} ended with ${how} after SIGTERM:\n${this.#lastLines()}`);
  }

  /** Waits for its end: its exit status, or the signal that ended it. */
  async ended(): Promise<string> {
    const limit = setTimeout(() => this.signal("SIGKILL"), END_MS);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(limit);
    }
  }

  /** What `/readyz` answers now. 0: nobody is there. */
  async readiness(): Promise<number> {
    try {
      const answer = await fetch(`${this.opsUrl}/readyz`, { headers: { connection: "close" } });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      // Nobody listens, which is an answer too.
      return 0;
    }
  }

  /** Its metrics, as text. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.opsUrl}/metrics`)).text();
  }

  /** A metric by its name and labels, as its lines begin; their sum. 0: there is no such line. */
  async metric(line: string): Promise<number> {
    return sumOfMetric(await this.metrics(), line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const errors = this.#output.split("\n").filter(isError);
    if (errors.length > 0) throw new Error(`${this.name} has logged errors:\n${errors.slice(0, 5).join("\n")}`);
  }

  #tell(what: string): void {
    this.#story.push({ atMs: Date.now(), what });
  }

  #lastLines(): string {
    return this.#output.trimEnd().split("\n").slice(-20).join("\n");
  }
}

function isError(line: string): boolean {
  const level = /^\{"level":(\d+),/.exec(line)?.[1];
  return level !== undefined && Number(level) >= LOG_ERROR;
}
