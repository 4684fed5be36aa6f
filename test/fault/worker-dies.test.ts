import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { expectLedger } from "../system/ledger.ts";
import { type EndedCall, startLoad, wentWell } from "../system/load.ts";
import { outboxRest } from "../system/outbox-rest.ts";
import type { ServiceProcess } from "../system/service-process.ts";
import { type Stack, startStack } from "../system/stack.ts";

const CALLS = 300;
const WORKERS = 2;
const STREAMS = 12;
const CHATS = 'twinspan_ingress_requests_total{route="/v1/chat/completions"';

let stack: Stack;
/** Every call of this file, for the ledger. */
const called: EndedCall[] = [];

beforeAll(async () => {
  stack = await startStack({
    models: ["echo-1", "slow-30"],
    // Every call is a line of the worker that served it.
    log: { access: { ratio: 1, linesPerSecondMax: 10_000 } },
    ingress: { workers: WORKERS },
    gateway: { workers: WORKERS, limits: { loopDelayMsMax: 60_000 } },
    // The end of an answer waits for its record however slow this machine is.
    outbox: { commitWaitMs: 30_000, drainMs: 100 },
  });
}, 120_000);
afterAll(() => stack[Symbol.asyncDispose]());

/** How many calls each worker of a service has told of. */
function servedBy({ output }: ServiceProcess): readonly number[] {
  return Array.from({ length: WORKERS }, (_, worker) => {
    const isIts = (line: string) => line.includes(`"worker":${worker},"module":"access"`);
    const isCall = (line: string) => /"endpoint":"echo-1"|"route":"\/v1\/chat\/completions"/.test(line);
    return output.split("\n").filter((line) => isIts(line) && isCall(line)).length;
  });
}

function pidsOf({ output }: ServiceProcess): readonly number[] {
  const [, pids = ""] = /"pids":\[([\d,]+)\],"msg":"all workers are ready"/.exec(output) ?? [];
  return pids.split(",").map(Number);
}

async function untilAllConnected(): Promise<void> {
  await until("each worker of the ingress has a stream to each of the gateway", async () => {
    return (await stack.ingress.metric("twinspan_exchange_streams")) === WORKERS * WORKERS;
  });
}

async function expectAllStored(): Promise<void> {
  await until("nothing waits", async () => (await stack.gateway.metric("twinspan_outbox_records")) === 0);
  await expectLedger(stack, called);
}

test("calls are spread over workers, and what is said of the service adds up", async () => {
  await untilAllConnected();
  const load = startLoad(stack, CALLS, [
    { model: "echo-1", stream: false },
    { model: "echo-1", stream: true },
  ]);
  const calls = await load.all();
  called.push(...calls);
  expect(calls.filter((call) => !wentWell(call))).toEqual([]);
  // Calls go to the worker that has least under way, so one that is slower for now gets fewer; over connections that
  // clients keep they are only as evenly as the clients make them. None is left out.
  for (const service of [stack.gateway, stack.ingress]) {
    const served = await until("each call is told of once", () => {
      const told = servedBy(service);
      return told.reduce((sum, calls) => sum + calls) === CALLS && told;
    });
    expect(Math.min(...served), service.name).toBeGreaterThan(CALLS / 10);
    expect(await service.metric("twinspan_workers")).toBe(WORKERS);
  }
  expect(await stack.gateway.metric("twinspan_calls_total")).toBe(CALLS);
  expect(await stack.ingress.metric(CHATS)).toBe(CALLS);
}, 60_000);

test("kill -9 of a worker under load: the others serve, it comes again, and nothing that ended is lost", async () => {
  const load = startLoad(stack, CALLS, [
    { model: "echo-1", stream: true },
    { model: "slow-30", stream: true },
  ]);
  await load.ended(CALLS / 5);
  const counted = await stack.gateway.metric("twinspan_calls_total");
  process.kill(pidsOf(stack.gateway)[0] ?? 0, "SIGKILL");
  const calls = await load.all();
  called.push(...calls);
  expect(calls.filter(wentWell).length).toBeGreaterThan(CALLS / 5);
  await until("it takes calls again", () => stack.gateway.output.includes('"msg":"a worker takes calls again"'));
  await until("it is counted", async () => (await stack.gateway.metric("twinspan_workers")) === WORKERS);
  expect(await stack.gateway.readiness()).toBe(200);
  expect(await stack.gateway.metric("twinspan_worker_restarts_total")).toBe(1);
  expect(await stack.gateway.metric("twinspan_calls_total")).toBeGreaterThanOrEqual(counted);
  await expectAllStored();
}, 60_000);

test("told to stop, all workers end their calls first; with fewer of them then, what the others have left is delivered", async () => {
  await untilAllConnected();
  await stack.traceWriter.kill();
  const load = startLoad(stack, STREAMS, [{ model: "slow-30", stream: true }]);
  await until("all are under way", async () => (await stack.gateway.metric("twinspan_calls_in_flight")) === STREAMS);
  await stack.gateway.stop();
  const calls = await load.all();
  called.push(...calls);
  expect(calls.filter((call) => !wentWell(call))).toEqual([]);
  const left = stack.outboxPath.replace(/\.db$/, ".worker-1.db");
  for (const outboxPath of [stack.outboxPath, left]) {
    expect((await outboxRest({ outboxPath })).records).toBeGreaterThan(0);
  }

  const config = readFileSync(stack.configFile, "utf8");
  writeFileSync(stack.configFile, config.replace(`"workers":${WORKERS},"limits"`, '"workers":1,"limits"'));
  await Promise.all([stack.gateway.start(), stack.traceWriter.start()]);
  await until("it is adopted", () =>
    stack.gateway.output.includes(`"path":"${left}","msg":"the outbox of a former worker is adopted"`),
  );
  await until("traces can be read again", () => stack.stored.allIds().catch(() => undefined));
  await expectAllStored();
}, 60_000);
