import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { boundToParent } from "../bound-to-parent.ts";
import { freePorts } from "../free-ports.ts";
import { fetchedPackage } from "../packages/fetched-package.ts";
import { until } from "../until.ts";

/** ClickHouse 26.7 in a library, as npm has it. */
const ENGINE = ["chdb", "3.4.0"] as const;
const START_MS = 60_000;

/** A ClickHouse. Disposing of it ends it, where it was started here, and removes the databases. */
export interface ClickHouse extends AsyncDisposable {
  /** Its process. Undefined: it was not started here. */
  readonly pid: number | undefined;
  /** `http://` and its port. */
  readonly url: string;
  /** A name for a database that is not there yet. */
  newDatabase(): string;
}

/** One of the test's own, that may be broken. */
export interface OwnClickHouse extends ClickHouse {
  /** Ends it at once, as a crash does, and starts it again at the same place. */
  crash(): Promise<void>;
}

/** The server at `CLICKHOUSE_URL` where that is set, else the engine that npm has, behind an HTTP interface. */
export async function startClickHouse(): Promise<ClickHouse> {
  const url = process.env["CLICKHOUSE_URL"];
  return url === undefined ? startOwnClickHouse() : databasesAt(url);
}

/** Starts the engine in a process of its own. */
export async function startOwnClickHouse(): Promise<OwnClickHouse> {
  await using started = new AsyncDisposableStack();
  const packages = await fetchedPackage(...ENGINE);
  const directory = mkdtempSync(join(tmpdir(), "twinspan-clickhouse-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  const data = join(directory, "data");
  mkdirSync(data);
  const [port = 0] = await freePorts(1);
  let process = await startEngine(packages, data, port);
  started.defer(() => end(process, "SIGTERM"));
  const owned = started.move();
  return {
    get pid() {
      return process.pid;
    },
    url: `http://127.0.0.1:${port}`,
    newDatabase: newName,
    async crash() {
      await end(process, "SIGKILL");
      process = await startEngine(packages, data, port);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startEngine(packages: string, data: string, port: number): Promise<ChildProcess> {
  const program = new URL("./clickhouse-engine.ts", import.meta.url).pathname;
  const engine = spawn(...boundToParent(process.execPath, [program, packages, data, String(port)]), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [engine.stdout, engine.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-2000);
    });
  }
  await until(
    "the engine answers",
    () => {
      if (engine.exitCode !== null) throw new Error(`ClickHouse's engine has ended:\n${said}`);
      return said.includes("ready\n");
    },
    START_MS,
  );
  return engine;
}

async function end(engine: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return;
  const exit = once(engine, "exit");
  engine.kill(signal);
  await exit;
}

function databasesAt(url: string): ClickHouse {
  const names: string[] = [];
  return {
    pid: undefined,
    url,
    newDatabase() {
      const name = newName();
      names.push(name);
      return name;
    },
    async [Symbol.asyncDispose]() {
      const client = createClient({ url });
      for (const name of names) await client.command({ query: `DROP DATABASE IF EXISTS ${name}` });
      await client.close();
    },
  };
}

function newName(): string {
  return `twinspan_${randomBytes(6).toString("hex")}`;
}
