import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { freePorts } from "../../tools/free-ports.ts";
import { until } from "../../tools/until.ts";

let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));

/** Runs the program of two workers, as the head of a process group. */
async function startProgram(how = "") {
  const [port] = await freePorts(1);
  const program = ["test/service/worker-program.ts", String(port), how];
  const started = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  child = started;
  let output = "";
  for (const stream of [started.stdout, started.stderr]) {
    stream.on("data", (part: Buffer) => {
      output += part.toString();
    });
  }
  const ended = once(started, "close");
  const said = (words: string) => output.split(words).length - 1;
  const pids = () => (/"pids":\[([\d,]+)\]/.exec(output)?.[1] ?? "").split(",").map(Number);
  const isReady = () => said('"msg":"all workers are ready"') === 1;
  return { url: `http://127.0.0.1:${port}`, started, ended, said, pids, isReady };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("workers hear a reload, take turns, and drain once, though a supervisor tells all processes of the group", async () => {
  const { url, started, ended, said, pids, isReady } = await startProgram();
  await until("both are ready", isReady);
  const asked = await Promise.all(
    [0, 1, 2, 3].map(async () => (await fetch(url, { headers: { connection: "close" } })).text()),
  );
  expect(new Set(asked.map(Number))).toEqual(new Set(pids()));
  started.kill("SIGHUP");
  await until("both have reloaded", () => said('"msg":"reloaded"') === 2);
  process.kill(-(started.pid ?? 0), "SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(said('"msg":"stopped"')).toBe(3);
  expect(said("is started again")).toBe(0);
});

test("a second signal ends all of them at once, and so does the death of the first process", async () => {
  const first = await startProgram("hang");
  await until("both are ready", first.isReady);
  first.started.kill("SIGTERM");
  await until("all drain", () => first.said('"msg":"draining"') === 3);
  first.started.kill("SIGTERM");
  expect(await first.ended).toEqual([1, null]);
  await until("nobody is left", () => !first.pids().some(isAlive));

  const second = await startProgram("hang");
  await until("both are ready", second.isReady);
  second.started.kill("SIGKILL");
  await until("nobody is left", () => !second.pids().some(isAlive));
});

test("while the system can start no process the others serve; the missing one is tried again and comes", async () => {
  const { url, started, ended, said, pids, isReady } = await startProgram("starve");
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`, { headers: { connection: "close" } })).text();
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
  };
  await until("both are ready", isReady);
  const [first = 0, second = 0] = pids();
  started.kill("SIGUSR2");
  process.kill(first, "SIGKILL");
  await until("it was tried twice", () => said('"msg":"a worker cannot be started, and is tried again"') >= 2);
  expect(Number(await (await fetch(url, { headers: { connection: "close" } })).text())).toBe(second);
  expect(await metric("twinspan_worker_start_failures_total")).toBeGreaterThanOrEqual(2);
  expect([await metric("twinspan_workers"), await metric("twinspan_worker_restarts_total")]).toEqual([1, 1]);
  started.kill("SIGUSR2");
  await until("it takes calls again", () => said('"msg":"a worker takes calls again"') === 1);
  expect(await metric("twinspan_workers")).toBe(2);
  started.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("a worker that cannot start keeps the service from starting, and says why once; one that does not listen yet is told again to stop", async () => {
  const { ended, said } = await startProgram("fail");
  expect(await ended).toEqual([1, null]);
  expect(said("the second cannot\n")).toBe(1);
  expect(said("Worker 1 ended at its start (status 1). What it said before says why.\n")).toBe(1);
  expect(said('"msg":"stopped"')).toBe(2);
});
