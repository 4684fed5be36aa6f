import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startScriptedProvider } from "../../examples/scripted-provider/scripted-provider.ts";
import { freePorts } from "../../tools/free-ports.ts";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import { type Image, replayContainerfile } from "../deploy/containerfile.ts";
import { startStoredTraces } from "../traces/stored-traces.ts";

const BUILD_MS = 600_000;
const isRoot = process.getuid?.() === 0;

let directory: string;
let image: Image;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "twinspan-image-"));
  chmodSync(directory, 0o755);
  image = replayContainerfile("Containerfile", ".", directory);
}, BUILD_MS);
afterAll(() => {
  execFileSync("chmod", ["-R", "u+w", directory]);
  rmSync(directory, { recursive: true, force: true });
}, BUILD_MS);

test("the image holds what production needs and nothing of development, and no credentials", () => {
  const app = join(image.root, image.workingDirectory);
  expect(existsSync(join(app, "node_modules/@grpc/grpc-js"))).toBe(true);
  expect(existsSync(join(app, "console/dist/index.html"))).toBe(true);
  for (const path of [
    "node_modules/vitest",
    "node_modules/typescript",
    "test",
    "twinspan.yaml",
    ".git",
    "var",
    ".npmrc",
  ]) {
    expect(existsSync(join(app, path)), path).toBe(false);
  }
  expect(image.uid).toBeGreaterThan(0);
});

test("its three services run as nobody in particular, with nothing to write to but their data, and record a call", async () => {
  await using owned = new AsyncDisposableStack();
  const app = join(image.root, image.workingDirectory);
  const data = join(image.root, "var/lib/twinspan");
  mkdirSync(data, { recursive: true });
  // As the engine does by --read-only and --chown.
  execFileSync("chmod", ["-R", "a-w", image.root]);
  chmodSync(data, 0o700);
  if (isRoot) chownSync(data, image.uid, image.uid);

  const provider = owned.use(await startScriptedProvider({ listen: "127.0.0.1:0" }));
  const [http, rpc, rpcOps, store, storeOps] = (await freePorts(5)).map((port) => `127.0.0.1:${port}`);
  const configFile = join(directory, "twinspan.yaml");
  const model = { provider: "scripted", model: "echo-1", price: { inputPerMillion: 1, outputPerMillion: 1 } };
  const config = {
    ingress: { listen: http, gateway: rpc, traceWriter: store },
    gateway: { listen: rpc, ops: rpcOps, traceWriter: store, outbox: { path: join(data, "outbox.db") } },
    traceWriter: { listen: store, ops: storeOps, store: { sqlite: { path: join(data, "traces.db") } } },
    providers: { scripted: { baseUrl: provider.url, allowAddresses: ["127.0.0.0/8"] } },
    endpoints: [{ name: "demo", models: [model] }],
  };
  writeFileSync(configFile, JSON.stringify(config));
  const [program = "", ...first] = image.entrypoint;
  // The command line is in it too: a job that drains an outbox needs it.
  const check = [...first, "cli/main.ts", "check", "--config", configFile];
  expect(execFileSync(join(app, program), check, { cwd: app, env: image.environment }).toString()).toContain(
    "1 endpoint",
  );
  for (const name of ["trace-writer", "gateway", "ingress"]) {
    const child = spawn(join(app, program), [...first, `services/${name}/main.ts`], {
      cwd: app,
      env: { ...image.environment, TWINSPAN_CONFIG: configFile },
      stdio: ["ignore", "pipe", "inherit"],
      ...(isRoot ? { uid: image.uid, gid: image.uid } : {}),
    });
    child.stdout.resume();
    owned.defer(async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      expect((await ended)[0]).toBe(0);
    });
  }
  for (const address of [storeOps, rpcOps, http]) {
    const isReady = async () => (await fetch(`http://${address}/readyz`).catch(() => undefined))?.status === 200;
    await until(`${address} is ready`, isReady, 60_000);
  }
  const caller = newCaller();
  const answer = await chat(`http://${http}`, { model: "demo", headers: { traceparent: caller.traceparent } });
  expect(answer).toMatchObject({ status: 200, isComplete: true });
  using stored = startStoredTraces(store ?? "");
  const trace = await stored.get(answer.traceName ?? "");
  expect(trace.info?.linkedTraceIds).toEqual([`tr-${caller.traceId}`]);
  const page = await fetch(`http://${http}/`, { headers: { accept: "text/html" } });
  expect(await page.text()).toContain("<html");
  if (isRoot) expect(readFileSync(join(data, "traces.db")).length).toBeGreaterThan(0);
}, 120_000);
