import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { channelCredentials } from "#lib/rpc/client.ts";
import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import { EndpointServiceClient } from "#proto/twinspan/gateway/v1/endpoint_service.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { until } from "../../../tools/until.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";

let run: GatewayRun;
beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      good: { price: { inputPerMillion: 1.5, outputPerMillion: 6 } },
      falls: { behaviour: { status: 503 }, fallback: {}, settings: { sticky: "user", hedgeAfterMs: 5000 } },
      keyless: { provider: { apiKey: "${SOME_KEY}" } },
      busy: { behaviour: { stallAfterChunks: 2 }, settings: { concurrency: { callsMax: 1, queueMax: 7 } } },
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

async function endpointOf(name: string, details = true): Promise<Endpoint> {
  const client = new EndpointServiceClient(run.gateway.address, channelCredentials());
  try {
    return await new Promise((resolve, reject) => {
      client.getEndpoint({ name, details }, (error, { endpoint } = { endpoint: undefined }) =>
        endpoint === undefined ? reject(error) : resolve(endpoint),
      );
    });
  } finally {
    client.close();
  }
}

test("what calls came to lately is told of the endpoint and of each of its models, with times", async () => {
  await run.client.invoke({ model: "falls" });
  await run.client.stream({ model: "falls", stream: true });
  const { details, models } = await endpointOf("falls");
  expect(details?.recent).toMatchObject({ windowSeconds: 300n, count: 2n, errors: 0n, errorsByType: [] });
  expect(details?.recent?.duration).toMatchObject({ count: 2n });
  expect(models.map(({ model }) => model)).toEqual(["falls-model", "falls-fallback"]);
  const [failing, well] = models.map((model) => model.details?.recent);
  expect(failing).toMatchObject({
    count: 2n,
    errors: 2n,
    errorsByType: [{ type: ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE, count: 2n }],
    timeToFirstToken: undefined,
  });
  expect(well).toMatchObject({ count: 2n, errors: 0n });
  expect(well?.duration?.p50Nanos).toBeGreaterThan(0n);
  expect(well?.duration?.maxNanos).toBeLessThanOrEqual(details?.recent?.duration?.maxNanos ?? 0n);
});

test("a first token is timed where there is a stream", async () => {
  await run.client.stream({ model: "good", stream: true });
  await run.client.invoke({ model: "good" });
  const { details } = await endpointOf("good");
  expect(details?.recent).toMatchObject({ count: 2n, timeToFirstToken: { count: 1n } });
});

test("an endpoint tells how it is set, its models what they cost, and neither any secret", async () => {
  const { details } = await endpointOf("falls");
  expect(details?.policy).toEqual({
    sticky: "user",
    retriesMax: 0,
    attemptsMax: 8,
    hedgeAfterMs: 5000n,
    callsMax: 0n,
    queueMax: 100n,
    credentials: "gateway",
    tracing: "on",
    mirror: "sampled",
    payload: "full",
  });
  const { models } = await endpointOf("good");
  expect(models[0]?.details?.price).toEqual({
    inputNanoUsdPerMillion: 1_500_000_000n,
    outputNanoUsdPerMillion: 6_000_000_000n,
    priceVersion: "configuration",
  });
  expect((await endpointOf("keyless")).models[0]?.details).toMatchObject({
    unavailableReason: "needs SOME_KEY",
    price: undefined,
    recent: { count: 0n },
  });
  const told = JSON.stringify(await endpointOf("good"), (_key, value) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  expect(told).not.toContain("the-key");
});

test("calls that are under way and calls that wait are told as they are", async () => {
  const hangUp = new AbortController();
  const calls = [1, 2].map(() => run.client.stream({ model: "busy", stream: true, signal: hangUp.signal }));
  await until("one call is under way and one waits", async () => {
    const { details } = await endpointOf("busy");
    return details?.callsInFlight === 1n && details.callsWaiting === 1n;
  });
  expect((await endpointOf("busy")).details?.policy).toMatchObject({ callsMax: 1n, queueMax: 7n });
  hangUp.abort();
  await Promise.all(calls);
  await until("both are told as cancelled", async () => {
    const [cancelled] = (await endpointOf("busy")).details?.recent?.errorsByType ?? [];
    return cancelled?.type === ErrorType.ERROR_TYPE_CANCELLED && cancelled.count === 2n;
  });
});

test("who does not ask for it is not told it", async () => {
  const { details, models } = await endpointOf("good", false);
  expect([details, models[0]?.details]).toEqual([undefined, undefined]);
});

test("health outlives a configuration that is read again", async () => {
  const before = (await endpointOf("falls")).models[0]?.details?.recent?.count;
  await writeFile(
    run.configFile,
    JSON.stringify({ ...JSON.parse(await readFile(run.configFile, "utf8")), redaction: {} }),
  );
  await run.gateway.reload();
  expect((await endpointOf("falls")).models[0]?.details?.recent?.count).toBe(before);
});
