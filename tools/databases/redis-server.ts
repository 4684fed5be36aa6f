import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boundToParent } from "../bound-to-parent.ts";
import { freePorts } from "../free-ports.ts";
import { debianProgram } from "../packages/debian-package.ts";
import { until } from "../until.ts";

/** A real Redis on loopback. It may be killed and started again, and stopped in its tracks; what it held is gone after a kill. */
export class RedisServer implements AsyncDisposable {
  readonly url: string;
  readonly #program: string;
  readonly #port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), "twinspan-redis-"));
  #child: ChildProcess | undefined;

  constructor(program: string, port: number) {
    this.#program = program;
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** Starts it, and waits until it listens. */
  async start(): Promise<void> {
    const options = ["--port", `${this.#port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    this.#child = spawn(...boundToParent(this.#program, [...options, "--dir", this.#directory]), { stdio: "ignore" });
    await until("Redis listens", () => this.#listens());
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #listens(): Promise<boolean> {
    const socket = connect(this.#port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return true;
    } catch {
      // Not yet.
      return false;
    } finally {
      socket.destroy();
    }
  }
}

/** Starts one on a free port. */
export async function startRedisServer(): Promise<RedisServer> {
  const program = await debianProgram("redis-server", "redis-server");
  const [port = 0] = await freePorts(1);
  const server = new RedisServer(program, port);
  await server.start();
  return server;
}
