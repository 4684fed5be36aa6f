import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stack, startStack } from "../helpers/stack.ts";
import { untilShipped } from "../helpers/twins.ts";

const run = promisify(execFile);
const SCRIPTS = join(import.meta.dirname, "python");
const VENV = join(import.meta.dirname, "../../var/interop-python");

let stack: Stack;

beforeAll(async () => {
  await installPackages();
  stack = await startStack({ models: ["echo-1"] });
}, 300_000);

afterAll(() => stack[Symbol.asyncDispose]());

test.each(["http", "grpc"])(
  "Python's agent has its mirrors, by OTLP over %s, and MLflow's client reads both twins",
  async (protocol) => {
    const collector = protocol === "http" ? stack.url : stack.traceWriterAddress;
    const traceId = await python("agent.py", stack.url, protocol, collector);
    await untilShipped(stack);
    expect(await python("read_with_mlflow.py", stack.url, traceId)).toBe("read");
  },
);

test("Google's gRPC library calls the gateway by reflection alone", async () => {
  expect(await python("call_over_grpc.py", stack.gatewayAddress)).toMatch(/^tr-[0-9a-f]{32}$/);
});

async function python(script: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(join(VENV, "bin/python"), [join(SCRIPTS, script), ...args], { timeout: 60_000 });
  return stdout.trim();
}

/** Fetches the packages once; they stay under var/. */
async function installPackages(): Promise<void> {
  const done = join(VENV, "installed");
  if (existsSync(done)) return;
  mkdirSync(VENV, { recursive: true });
  try {
    await run("python3", ["-m", "venv", VENV]);
    await run(join(VENV, "bin/pip"), ["install", "--quiet", "-r", join(SCRIPTS, "requirements.txt")]);
  } catch (cause) {
    throw new Error(
      "Python's clients could not be installed: this needs python3 (3.10 or newer) with venv, and PyPI.",
      { cause },
    );
  }
  writeFileSync(done, "");
}
