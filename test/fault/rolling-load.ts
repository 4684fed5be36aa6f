import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { until } from "../../tools/until.ts";
import { newCaller } from "../callers/caller.ts";
import { chat } from "../callers/chat.ts";
import type { ServiceProcess } from "../system/service-process.ts";
import { type RollingSystem, SLOW_ENDPOINT } from "./rolling-system.ts";
import { type TimedCall, tellFailures } from "./tell-failures.ts";

const CALLERS = 4;
/** How often the balancer asks each who is ready. What it sends to one that takes no more is a call that fails. */
const LOOK_MS = 50;
/** A connection that is open, in the kernel's table. */
const ESTABLISHED = "01";

/** Restarts a system while it is called, then compares what callers saw with what is stored. */
export async function expectNothingLost(
  system: RollingSystem,
  restartAll: (isIn: (ingress: ServiceProcess) => boolean) => Promise<void>,
): Promise<void> {
  await using balancer = startBalancer(system.ingresses);
  const callers = startCallers(balancer.pick);
  await until("calls are under way", () => callers.calls.length > 2 * CALLERS, 60_000);
  await restartAll(balancer.isIn);
  await callers.stop();

  const failed = callers.calls.filter(({ answer }) => answer.status !== 200 || !answer.isComplete);
  expect(tellFailures(failed, [...system.ingresses, ...system.gateways, ...system.traceWriters])).toBe("");
  const called = callers.calls.map(({ answer }) => answer.traceName).toSorted();
  expect(new Set(called).size).toBe(called.length);
  const fullTraces = () => system.stored.inExperiment(`gateway/${SLOW_ENDPOINT}`);
  await until("every call has its trace", async () => (await fullTraces()).length >= called.length, 60_000);
  expect((await fullTraces()).map(({ traceId }) => traceId).toSorted()).toEqual(called);
  const mirrored = await system.stored.pending();
  expect(mirrored.every(({ spanCount }) => spanCount === 2)).toBe(true);
  expect(mirrored.flatMap(({ linkedTraceIds }) => linkedTraceIds).toSorted()).toEqual(called);
}

/** A load balancer: knows which ingresses are ready, as of a moment ago. */
function startBalancer(ingresses: readonly ServiceProcess[]) {
  const stop = new AbortController();
  const ready = new Set(ingresses);
  let next = 0;
  // Each is asked for itself: one that is slow to answer does not hide what another says.
  const looking = ingresses.map(async (ingress) => {
    while (!stop.signal.aborted) {
      if ((await ingress.readiness()) === 200) ready.add(ingress);
      // As balancers do: the last one is taken at its word.
      else if (ready.size > 1) ready.delete(ingress);
      await delay(LOOK_MS);
    }
  });
  return {
    /** Where the next call goes. */
    pick: () => [...ready][next++ % ready.size]?.opsUrl ?? "",
    isIn: (ingress: ServiceProcess) => ready.has(ingress),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(looking);
    },
  };
}

/** Callers who make one call after another, each in a trace of its own, until they are told to stop. */
function startCallers(pick: () => string) {
  const calls: TimedCall[] = [];
  let isStopped = false;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let call = 0; !isStopped; call += 1) {
      const headers = { traceparent: newCaller().traceparent };
      const asked = { model: SLOW_ENDPOINT, stream: (caller + call) % 2 === 0, headers };
      const to = pick();
      const beganAtMs = Date.now();
      const answer = await chat(to, asked);
      calls.push({ to, answer, beganAtMs, endedAtMs: Date.now() });
    }
  });
  return {
    calls,
    async stop() {
      isStopped = true;
      await Promise.all(callers);
    },
  };
}

/** Waits until a service that has started again does its work, which its metric shows. */
export async function worksAgain(service: ServiceProcess, metric: string): Promise<void> {
  await until(`the ${service.name} works again`, async () => (await service.metric(metric)) > 4, 60_000);
}

/** Ends a service, and starts it again. */
export async function restart(service: ServiceProcess): Promise<void> {
  await service.stop();
  await service.start();
}

/**
 * Restarts gateways and ingresses, one after the other. The next gateway is not touched before every ingress is
 * connected to the one before, as docs/operations.md asks for. `isIn` tells whether calls go to an ingress again.
 */
export async function restartCallersSide(
  { ingresses, gateways, gatewayPorts }: RollingSystem,
  isIn: (ingress: ServiceProcess) => boolean,
): Promise<void> {
  for (const [copy, gateway] of gateways.entries()) {
    await restart(gateway);
    const port = gatewayPorts[copy] ?? 0;
    await until("every ingress has found the gateway", () => connectionsTo(port) >= ingresses.length, 60_000);
    await worksAgain(gateway, "twinspan_calls_total");
  }
  for (const ingress of ingresses) {
    await until("the balancer knows every ingress", () => ingresses.every(isIn), 60_000);
    await restart(ingress);
    await until("the balancer has found it", () => isIn(ingress), 60_000);
  }
}

/** How many connections a port of this machine has taken that are open, as Linux tells. */
function connectionsTo(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, address, , state]) => address?.endsWith(local) && state === ESTABLISHED).length;
}
