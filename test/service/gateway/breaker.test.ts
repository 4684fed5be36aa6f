import { writeFile } from "node:fs/promises";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { channelCredentials, channelOptions } from "#lib/rpc/client.ts";
import { BreakerState } from "#proto/twinspan/gateway/v1/endpoint.ts";
import { EndpointServiceClient, type ListEndpointsResponse } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import type { Behaviour } from "../../../examples/scripted-provider/behaviour.ts";
import { until } from "../../../tools/until.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf, retryDelayMsOf } from "../../callers/told.ts";
import { routed, scripted } from "../../neighbours/routed.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { routeOfCall } from "../../traces/route-view.ts";

const BREAKER = { enabled: true, attemptsMin: 3, windowMs: 60_000, openMs: 150 };

let run: GatewayRun;
beforeEach(async () => {
  const shaky = (behaviour: Behaviour) => ({ behaviour, provider: { breaker: BREAKER } });
  run = await startGatewayRun({
    endpoints: {
      fails: shaky({ status: 500 }),
      stays: { behaviour: { status: 503 }, provider: { breaker: { ...BREAKER, openMs: 60_000 } } },
      recovers: shaky({ status: 503, failTimes: 3 }),
      limits: shaky({ status: 429 }),
      rejects: shaky({ status: 400 }),
      cut: shaky({ cutAfterChunks: 3 }),
      stalls: shaky({ stallBeforeHead: true }),
      "with-fallback": routed([scripted("stays-model", { of: "stays" })], { fallbacks: [scripted("echo-1")] }),
      "also-stays": routed([scripted("echo-1", { of: "stays" })]),
    },
  });
});
afterEach(() => run[Symbol.asyncDispose]());

async function fail(model: string, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) await run.client.stream({ model, stream: true });
}

function requestsTo(model: string): number {
  return run.provider.requests.filter(({ body }) => body.includes(`"model":"${model}"`)).length;
}

async function stateOf(provider: string): Promise<number | undefined> {
  return (await run.metrics()).get(`twinspan_breaker_state{provider="${provider}"}`);
}

test("a provider that keeps failing is left alone: 503 at once, without an attempt, and says when to come back", async () => {
  await fail("stays", 3);
  const told = await run.client.invoke({ model: "stays", headers: [CALLER.header] });
  expect(told.error?.code).toBe(status.UNAVAILABLE);
  expect(errorInfoOf(told).reason).toBe("PROVIDER_SUSPENDED");
  expect(told.error?.details).toContain("stays");
  expect(retryDelayMsOf(told)).toBeGreaterThan(1_000);
  expect(retryDelayMsOf(told)).toBeLessThanOrEqual(60_000);
  expect(requestsTo("stays-model")).toBe(3);
  const { route, view } = await routeOfCall(run, told);
  expect(route).toEqual([]);
  expect(view.root).toMatchObject({ errorType: "provider_unavailable", inputs: "" });
  expect(view.root.attributes["twinspan.passed_over"]).toEqual(["stays/stays-model"]);
  expect(view.mirrorErrorTypes).toEqual(["provider_unavailable"]);
  expect(await stateOf("stays")).toBe(2);
  const metrics = await run.metrics();
  expect(metrics.get('twinspan_models_passed_over_total{provider="stays",model="stays-model"}')).toBe(1);
  expect(metrics.get('twinspan_breaker_opened_total{provider="stays"}')).toBe(1);
});

test("it is the provider's breaker: other endpoints of it pass it over too, and go on to their fallbacks", async () => {
  await fail("stays", 3);
  const told = await run.client.invoke({ model: "with-fallback", headers: [CALLER.header] });
  const { route, view } = await routeOfCall(run, told);
  expect(route).toEqual(["echo-1 fallback ok"]);
  expect(view.root.attributes["twinspan.passed_over"]).toEqual(["stays/stays-model"]);
  expect(errorInfoOf(await run.client.invoke({ model: "also-stays" })).reason).toBe("PROVIDER_SUSPENDED");
});

test("endpoints say what their providers' breakers are", async () => {
  await fail("stays", 3);
  const client = new EndpointServiceClient(run.gateway.address, channelCredentials(), channelOptions(1024 * 1024));
  const listed = await new Promise<ListEndpointsResponse>((resolve, reject) =>
    client.listEndpoints({ details: false }, (error, response) => (error ? reject(error) : resolve(response))),
  );
  client.close();
  const states = listed.endpoints.find(({ name }) => name === "with-fallback")?.models;
  expect(states?.map(({ provider, breakerState }) => [provider, breakerState])).toEqual([
    ["stays", BreakerState.BREAKER_STATE_OPEN],
    ["scripted", BreakerState.BREAKER_STATE_CLOSED],
  ]);
});

test("half open, one call tries; when that goes well all do, and the log says so", async () => {
  await fail("recovers", 3);
  expect(errorInfoOf(await run.client.invoke({ model: "recovers" })).reason).toBe("PROVIDER_SUSPENDED");
  await until("the breaker is half open", async () => (await stateOf("recovers")) === 1);
  expect((await run.client.invoke({ model: "recovers" })).head?.status).toBe(200);
  expect(await stateOf("recovers")).toBe(0);
  const logged = run.logged.filter(
    (line) => line.includes('"provider":"recovers"') && line.includes('"module":"routing"'),
  );
  expect(logged.map((line) => /left alone|answers again/.exec(line)?.[0])).toEqual(["left alone", "answers again"]);
});

test("half open, a call that fails opens it again", async () => {
  await fail("fails", 3);
  await until("the breaker is half open", async () => (await stateOf("fails")) === 1);
  expect((await run.client.invoke({ model: "fails" })).head?.status).toBe(500);
  expect(errorInfoOf(await run.client.invoke({ model: "fails" })).reason).toBe("PROVIDER_SUSPENDED");
});

test("while one call tries, others are not made", async () => {
  await fail("fails", 3);
  await until("the breaker is half open", async () => (await stateOf("fails")) === 1);
  expect(requestsTo("fails-model")).toBe(3);
  const both = await Promise.all([run.client.invoke({ model: "fails" }), run.client.invoke({ model: "fails" })]);
  expect(both.filter(({ error }) => error !== undefined)).toHaveLength(1);
  expect(requestsTo("fails-model")).toBe(4);
});

test("a configuration that is read again closes no breaker, but of a provider whose settings it changes", async () => {
  await fail("stays", 3);
  const reload = async (settings: object) => {
    const { stays } = run.config.providers;
    const providers = { ...run.config.providers, stays: { ...stays, ...settings } };
    await writeFile(run.configFile, JSON.stringify({ ...run.config, providers }));
    run.gateway.reload();
  };
  await reload({});
  expect(errorInfoOf(await run.client.invoke({ model: "stays" })).reason).toBe("PROVIDER_SUSPENDED");
  await reload({ headers: { "x-moved": "yes" } });
  expect((await run.client.invoke({ model: "stays" })).head?.status).toBe(503);
});

test("streams that are cut count against a provider; rate limits, refusals and callers that go do not", async () => {
  await fail("cut", 3);
  expect(await stateOf("cut")).toBe(2);
  await fail("limits", 5);
  await fail("rejects", 5);
  for (let time = 0; time < 5; time += 1) {
    await run.client.stream({ model: "stalls", stream: true, options: { deadline: Date.now() + 30 } });
  }
  expect(await Promise.all(["limits", "rejects", "stalls"].map(stateOf))).toEqual([0, 0, 0]);
});
