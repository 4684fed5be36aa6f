import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ChatAnswer, chat } from "../helpers/chat.ts";
import { type RollingSystem, SLOW_ENDPOINT, startRollingSystem } from "../helpers/rolling-system.ts";
import type { ServiceProcess } from "../helpers/service-process.ts";
import { until } from "../helpers/until.ts";

const CALLERS = 6;
/** Five processes start twice, one after the other. */
const ROLLING_MS = 120_000;
/** How often the balancer asks who is ready. */
const LOOK_MS = 50;

/** A load balancer: knows which ingresses are ready, as of a moment ago. */
function startBalancer(ingresses: readonly ServiceProcess[]) {
  const stop = new AbortController();
  let ready = ingresses;
  let next = 0;
  const looking = (async () => {
    while (!stop.signal.aborted) {
      const statuses = await Promise.all(ingresses.map((ingress) => ingress.readiness()));
      const now = ingresses.filter((_, index) => statuses[index] === 200);
      // As balancers do: where nobody says that it is ready, those who last did are taken at their word.
      if (now.length > 0) ready = now;
      await delay(LOOK_MS);
    }
  })();
  return {
    /** Where the next call goes. */
    pick: () => ready[next++ % ready.length]?.opsUrl ?? "",
    isIn: (ingress: ServiceProcess) => ready.includes(ingress),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await looking;
    },
  };
}

/** Callers who make one call after another, until they are told to stop. */
function startCallers(pick: () => string) {
  const answers: ChatAnswer[] = [];
  let isStopped = false;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let call = 0; !isStopped; call += 1) {
      answers.push(await chat(pick(), { model: SLOW_ENDPOINT, stream: (caller + call) % 2 === 0 }));
    }
  });
  return {
    answers,
    async stop() {
      isStopped = true;
      await Promise.all(callers);
    },
  };
}

/** Calls go to a gateway that is ready again as soon as the ingresses have found it. */
async function isCalledAgain(gateway: ServiceProcess): Promise<void> {
  await until("the gateway is called again", async () => (await gateway.metric("twinspan_calls_total")) > 4);
}

async function restartAll(
  { ingresses, gateways, traceWriter }: RollingSystem,
  isIn: (ingress: ServiceProcess) => boolean,
) {
  for (const gateway of gateways) {
    await gateway.stop();
    await gateway.start();
    await isCalledAgain(gateway);
  }
  for (const ingress of ingresses) {
    await ingress.stop();
    await ingress.start();
    await until("the balancer has found it", () => isIn(ingress));
  }
  await traceWriter.stop();
  await traceWriter.start();
}

test(
  "every service is restarted under load, one copy after another: no call fails, and each has its trace",
  async () => {
    await using system = await startRollingSystem();
    await using balancer = startBalancer(system.ingresses);
    const callers = startCallers(balancer.pick);
    await until("calls are under way", () => callers.answers.length > 2 * CALLERS);
    await restartAll(system, balancer.isIn);
    await callers.stop();

    const failed = callers.answers.filter(({ status, isComplete }) => status !== 200 || !isComplete);
    expect(failed.map(({ status, body }) => `${status} ${body}`)).toEqual([]);
    const called = new Set(callers.answers.map(({ traceName }) => traceName));
    expect(called.size).toBe(callers.answers.length);
    await until("every call has its trace", async () => {
      const stored = await system.stored.allIds();
      return called.isSubsetOf(stored);
    });
    expect((await system.stored.allIds()).size).toBe(called.size);
  },
  ROLLING_MS,
);
