import { writeFile } from "node:fs/promises";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../../../tools/until.ts";
import { type Ask, CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf, retryDelayMsOf } from "../../callers/told.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

let run: GatewayRun;
beforeEach(async () => {
  const narrow = (concurrency: object) => ({ behaviour: { delayHeadMs: 100 }, settings: { concurrency } });
  run = await startGatewayRun({
    endpoints: {
      narrow: narrow({ callsMax: 2, queueMax: 20, queueMs: 20_000 }),
      full: {
        behaviour: { stallAfterChunks: 2 },
        settings: { concurrency: { callsMax: 1, queueMax: 1, queueMs: 20_000 } },
      },
      impatient: {
        behaviour: { stallAfterChunks: 2 },
        settings: { concurrency: { callsMax: 1, queueMax: 5, queueMs: 60 } },
      },
    },
  });
});
afterEach(() => run[Symbol.asyncDispose]());

const ask = (model: string, more: Partial<Ask> = {}): Ask => ({ model, headers: [CALLER.header], ...more });

async function figure(name: string, labels: string): Promise<number | undefined> {
  return (await run.metrics()).get(`twinspan_concurrency_${name}{${labels}}`);
}

/** A call that goes on until it is let go. */
interface HeldCall {
  letGo(): Promise<unknown>;
}

/** Begins a call that goes on, and waits until it has the endpoint's only turn, or waits for it. */
async function hold(model: string, where: "in_use" | "waiting" = "in_use"): Promise<HeldCall> {
  const hangUp = new AbortController();
  const call = run.client.stream(ask(model, { stream: true, signal: hangUp.signal }));
  await until(`a call is ${where}`, async () => (await figure(where, `endpoint="${model}"`)) === 1);
  return {
    letGo() {
      hangUp.abort();
      return call;
    },
  };
}

test("no more calls are under way than allowed; the others wait, and each is noted in its trace", async () => {
  const calls = await Promise.all(Array.from({ length: 8 }, () => run.client.invoke(ask("narrow"))));
  for (const { head } of calls) expect(head?.status).toBe(200);
  const records = await Promise.all(calls.map((told) => recordOfCall(run, told)));
  const spans = records.map(({ attempts }) => attempts[0]?.span);
  for (const span of spans) {
    const atOnce = spans.filter(
      (other) =>
        span !== undefined &&
        other !== undefined &&
        other.startTimeUnixNano <= span.startTimeUnixNano &&
        other.endTimeUnixNano > span.startTimeUnixNano,
    );
    expect(atOnce.length).toBeLessThanOrEqual(2);
  }
  const waits = records.map(({ root }) => root.attributes["twinspan.queue_wait_nanos"]);
  expect(waits.filter((wait) => wait === undefined)).toHaveLength(2);
  for (const wait of waits) if (wait !== undefined) expect(Number(wait)).toBeGreaterThan(50_000_000);
  expect(await figure("in_use", 'endpoint="narrow"')).toBe(0);
  expect(await figure("waiting", 'endpoint="narrow"')).toBe(0);
  expect(await figure("wait_seconds_count", 'endpoint="narrow"')).toBe(6);
});

test("a stream holds its turn to its end; beyond the queue a call is 503 at once, with a light trace", async () => {
  const held = await hold("full");
  const waits = await hold("full", "waiting");
  const requests = run.provider.requests.length;
  const refused = await run.client.invoke(ask("full"));
  expect(refused.error?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(errorInfoOf(refused).reason).toBe("OVERLOADED");
  expect(retryDelayMsOf(refused)).toBe(1_000);
  expect(refused.error?.details).toContain("concurrency.callsMax");
  expect(run.provider.requests).toHaveLength(requests);
  const { root, attempts, mirrorErrorTypes } = await recordOfCall(run, refused);
  expect(root).toMatchObject({ errorType: "overloaded", inputs: "" });
  expect(attempts).toEqual([]);
  expect(mirrorErrorTypes).toEqual(["overloaded"]);
  expect(await figure("refused_total", 'endpoint="full",reason="full"')).toBe(1);
  await held.letGo();
  await until("the one that waited has its turn", async () => (await figure("waiting", 'endpoint="full"')) === 0);
  expect(await figure("in_use", 'endpoint="full"')).toBe(1);
  await waits.letGo();
  await until("the turn is free", async () => (await figure("in_use", 'endpoint="full"')) === 0);
});

test("a turn that comes too late is 503, and the trace says how long it was waited for", async () => {
  const held = await hold("impatient");
  const late = await run.client.invoke(ask("impatient"));
  expect(errorInfoOf(late).reason).toBe("OVERLOADED");
  expect(late.error?.details).toContain("concurrency.queueMs");
  const { root } = await recordOfCall(run, late);
  expect(root.errorType).toBe("overloaded");
  expect(Number(root.attributes["twinspan.queue_wait_nanos"])).toBeGreaterThanOrEqual(55_000_000);
  expect(await figure("refused_total", 'endpoint="impatient",reason="late"')).toBe(1);
  await held.letGo();
});

test("a caller that goes while it waits leaves the queue, and its trace is cancelled", async () => {
  const held = await hold("full");
  const requests = run.provider.requests.length;
  const gone = await run.client.invoke(ask("full", { options: { deadline: Date.now() + 100 } }));
  expect(gone.error?.code).toBe(status.DEADLINE_EXCEEDED);
  await until("nobody waits", async () => (await figure("waiting", 'endpoint="full"')) === 0);
  expect(run.provider.requests).toHaveLength(requests);
  const { root, attempts } = await recordOfCall(run, gone);
  expect(root.errorType).toBe("deadline_exceeded");
  expect(attempts).toEqual([]);
  await held.letGo();
});

test("another limit takes effect at once, for those that wait too", async () => {
  const first = await hold("full");
  const second = await hold("full", "waiting");
  const endpoints = run.config.endpoints.map((endpoint) =>
    endpoint.name === "full" ? { ...endpoint, concurrency: { ...endpoint.concurrency, callsMax: 2 } } : endpoint,
  );
  await writeFile(run.configFile, JSON.stringify({ ...run.config, endpoints }));
  run.gateway.reload();
  expect(await figure("in_use", 'endpoint="full"')).toBe(2);
  await Promise.all([first.letGo(), second.letGo()]);
});
