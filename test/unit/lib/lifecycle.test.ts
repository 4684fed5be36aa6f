import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { until } from "../../../tools/until.ts";

const PROLOGUE = `
import { runService } from ${JSON.stringify(new URL("../../../lib/lifecycle.ts", import.meta.url).href)};
const log = { info() {}, error: (fields) => console.log(JSON.stringify(fields)), debug() {}, warn() {} };
`;

const HANGING = `${PROLOGUE}
await runService(log, 60_000, () => new Promise(() => setInterval(() => console.log("starting"), 20)));
`;

test("a second signal ends a service whose start hangs", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", HANGING]);
  let output = "";
  child.stdout.on("data", (part: Buffer) => {
    output += part.toString();
  });
  const ended = once(child, "exit");
  await until("it starts", () => output.includes("starting"));
  await until("it ends", () => child.exitCode !== null || !child.kill("SIGTERM"), 5_000).finally(() =>
    child.kill("SIGKILL"),
  );
  expect(await ended).toEqual([1, null]);
  expect(output).toContain('"reason":"SIGTERM"');
});

const RELOADING = `${PROLOGUE}
const isReady = Promise.withResolvers();
process.stdin.once("data", isReady.resolve);
await runService(log, 60_000, async () => {
  console.log("starting");
  await isReady.promise;
  console.log("started");
  return { reload: () => console.log("reloaded"), async [Symbol.asyncDispose]() { process.stdin.destroy(); } };
});
`;

test("SIGHUP reloads a service, ends none that is still starting, and SIGTERM still ends it", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", RELOADING]);
  let output = "";
  child.stdout.on("data", (part: Buffer) => {
    output += part.toString();
  });
  const ended = once(child, "exit");
  try {
    await until("it starts", () => output.includes("starting"));
    child.kill("SIGHUP");
    child.stdin.write("go");
    await until("it has started", () => output.includes("started"));
    await until("it reloads", () => output.includes("reloaded") || !child.kill("SIGHUP"));
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill("SIGKILL");
  }
});
