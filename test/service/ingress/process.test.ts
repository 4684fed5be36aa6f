import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";

const MAIN = new URL("../../../services/ingress/main.ts", import.meta.url).pathname;

/** Runs the ingress as a process of its own, with that configuration. */
async function run(config: string) {
  const directory = await mkdtemp(join(tmpdir(), "twinspan-ingress-"));
  const file = join(directory, "twinspan.yaml");
  await writeFile(file, config);
  const child = spawn(process.execPath, [MAIN], { env: { ...process.env, TWINSPAN_CONFIG: file } });
  const exited = once(child, "exit");
  return {
    child,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
      await rm(directory, { recursive: true });
    },
  };
}

test("the process says where it is, serves, and ends well on SIGTERM", async () => {
  await using ingress = await run("ingress: { listen: 127.0.0.1:0, gateway: 127.0.0.1:1, traceWriter: 127.0.0.1:1 }");
  const [line] = await once(createInterface(ingress.child.stdout), "line");
  const ready: unknown = JSON.parse(String(line));
  expect(ready).toMatchObject({ service: "ingress", msg: "ready", url: expect.stringMatching(/^http:/) });
  const [url = ""] = /http:\/\/[\d.:]+/.exec(String(line)) ?? [];

  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await response.json()).toMatchObject({ error: { type: "server_error", code: "unavailable" } });
  expect((await fetch(`${url}/readyz`)).status).toBe(503);

  ingress.child.kill("SIGTERM");
  expect(await ingress.exited).toEqual([0, null]);
});

test("a bad configuration is told on standard error, and ends the process with 1", async () => {
  await using ingress = await run("ingress: { listen: nowhere }");
  let told = "";
  ingress.child.stderr.on("data", (part) => {
    told += part;
  });
  expect(await ingress.exited).toEqual([1, null]);
  expect(told).toMatch(/twinspan\.yaml:1:20 {2}ingress\.listen: must be host:port/);
});
