import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keyFor } from "../system/keyed-services.ts";
import { type Stack, startStack } from "../system/stack.ts";
import { untilShipped } from "../traces/twins.ts";
import { installPythonPackages, PYTHON_BIN } from "./python-packages.ts";

const run = promisify(execFile);
const SCRIPTS = join(import.meta.dirname, "python");

let stack: Stack;

beforeAll(async () => {
  await installPythonPackages();
  stack = await startStack({ models: ["echo-1"] });
}, 600_000);

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

test("MLflow's client keeps an agent's traces here as in a server of its own, with the mirrors inside", async () => {
  expect(await python("mlflow_client.py", stack.url)).toBe("done");
});

test("with keys on, MLflow's client has its key as MLFLOW_TRACKING_TOKEN, and Default is its workspace's own", async () => {
  const agent = keyFor("agent", ["invoke", "write-traces", "read-payloads"], { workspace: "team" });
  const recorder = keyFor("gateway", ["record"]);
  await using keyed = await startStack({
    models: [],
    workspaces: [{ name: "team" }],
    auth: { keys: [agent.line, recorder.line] },
    gateway: { traceWriterKey: recorder.key },
    endpoints: [{ name: "echo-1", workspace: "team", models: [{ provider: "scripted", model: "echo-1" }] }],
  });
  const environment = { MLFLOW_TRACKING_TOKEN: agent.key };
  expect(await pythonWith(environment, "mlflow_with_key.py", keyed.url)).toBe("done");
});

test("Google's gRPC library calls the gateway by reflection alone", async () => {
  expect(await python("call_over_grpc.py", stack.gatewayAddress)).toMatch(/^tr-[0-9a-f]{32}$/);
});

function python(script: string, ...args: readonly string[]): Promise<string> {
  return pythonWith({}, script, ...args);
}

async function pythonWith(
  environment: Readonly<Record<string, string>>,
  script: string,
  ...args: readonly string[]
): Promise<string> {
  const options = { timeout: 60_000, env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true", ...environment } };
  const { stdout } = await run(join(PYTHON_BIN, "python"), [join(SCRIPTS, script), ...args], options);
  return stdout.trim();
}
