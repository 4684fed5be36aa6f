import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = process.cwd();

/** A directory of its own, with a configuration whose ports were free a moment ago. */
export interface Place extends AsyncDisposable {
  readonly directory: string;
  /** The ports by what listens there. */
  readonly ports: Readonly<Record<"ingress" | "gateway" | "traceWriter" | "provider", number>>;
}

/** `bin/twinspan` as a process. Disposing of it ends it. */
export interface Cli extends AsyncDisposable {
  readonly process: ChildProcess;
  /** All that it wrote to standard output and standard error so far. */
  output(): string;
  /** Resolves once it wrote what is looked for. Rejects when it ends without. */
  wrote(text: string): Promise<void>;
  /** Its exit status, once it ended. */
  ended(): Promise<number | null>;
}

/** Makes a place for a system of its own: the repository's configuration, other ports, other files. */
export async function createPlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-up-"));
  const [ingress = 0, gateway = 0, traceWriter = 0, gatewayOps = 0, writerOps = 0, provider = 0] = await freePorts(6);
  const replaced: readonly (readonly [string, number])[] = [
    ["8080", ingress],
    ["7001", gateway],
    ["7002", traceWriter],
    ["7011", gatewayOps],
    ["7012", writerOps],
    ["7003", provider],
  ];
  const yaml = await readFile(join(ROOT, "twinspan.yaml"), "utf8");
  const own = replaced.reduce((text, [from, to]) => text.replaceAll(`127.0.0.1:${from}`, `127.0.0.1:${to}`), yaml);
  await writeFile(join(directory, "twinspan.yaml"), own);
  return {
    directory,
    ports: { ingress, gateway, traceWriter, provider },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Variables that a command line is given beside this process's. */
type Environment = Readonly<Record<string, string>>;

/** Starts `bin/twinspan` with these arguments in a place. */
export function startCli(place: Place, args: readonly string[], more: Environment = {}): Cli {
  const environment = { ...process.env, TWINSPAN_CONFIG: "", OPENAI_API_KEY: "", ...more };
  const child = spawn(join(ROOT, "bin/twinspan"), args, { cwd: place.directory, env: environment });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      child.emit("wrote");
    });
  }
  const exited = once(child, "close");
  const ended = async () => {
    await exited;
    return child.exitCode;
  };
  return {
    process: child,
    output: () => output,
    ended,
    async wrote(text) {
      while (!output.includes(text)) {
        const end = exited.then(() => "ended");
        if ((await Promise.race([once(child, "wrote"), end])) === "ended" && !output.includes(text)) {
          throw new Error(`It ended without "${text}":\n${output}`);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Runs a command line to its end, and returns what it wrote. */
export async function runCliIn(place: Place, args: readonly string[], more: Environment = {}) {
  await using cli = startCli(place, args, more);
  const status = await cli.ended();
  return { status, output: cli.output() };
}

async function freePorts(count: number): Promise<readonly number[]> {
  // All are held at once, so that none is given out twice.
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
