import { readFile, writeFile } from "node:fs/promises";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { startRedisServer } from "../../../tools/databases/redis-server.ts";
import { until } from "../../../tools/until.ts";
import { CALLER, type Told } from "../../callers/gateway-client.ts";
import { errorInfoOf, limitOf, retryDelayMsOf } from "../../callers/told.ts";
import { keyFor } from "../../system/keyed-services.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

/** A window that does not end while a test runs, but at the end of a month. */
const LONG = { per: "endpoint", every: "month" } as const;
/** A dollar for a million tokens, in and out: a token is a thousand nano-dollars. */
const PRICE = { inputPerMillion: 1, outputPerMillion: 1 };

const ask = (model: string) => ({ model, headers: [CALLER.header] });
const headerOf = ({ metadata }: Told, name: string) => String(metadata.get(name)[0]);

/** How many of a limit's tokens are left, by the words of an answer's header. */
function leftOf(told: Told, limit: string): number {
  return Number(new RegExp(`"${limit}";r=(\\d+)`).exec(headerOf(told, "ratelimit"))?.[1]);
}

async function refusedBy(run: GatewayRun, limit: string, unit: string): Promise<number | undefined> {
  return (await run.metrics()).get(`twinspan_limit_refused_total{limit="${limit}",unit="${unit}"}`);
}

test("of calls at once no more get through than requests are allowed; the others are refused by name, and both twins say so", async () => {
  await using run = await startGatewayRun({
    endpoints: { few: {}, free: {} },
    callLimits: { rules: [{ ...LONG, name: "few-requests", endpoints: ["few"], requestsMax: 3 }] },
  });
  const calls = await Promise.all(Array.from({ length: 10 }, () => run.client.invoke(ask("few"))));
  const refused = calls.filter(({ error }) => error !== undefined);
  expect(refused).toHaveLength(7);
  for (const told of refused) {
    expect(told.error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(told.error?.details).toMatch(/^The limit few-requests of 3 requests per endpoint and month has no room/);
    expect(errorInfoOf(told).reason).toBe("RATE_LIMITED");
    expect(limitOf(told)).toBe("few-requests");
    expect(retryDelayMsOf(told)).toBeGreaterThan(0);
    expect(headerOf(told, "ratelimit")).toMatch(/^"few-requests.requests";r=0;t=\d+$/);
    const { record, mirrorErrorTypes } = await recordOfCall(run, told);
    expect(mirrorErrorTypes).toEqual(["rate_limited"]);
    expect(record.payloads.map(({ inputs }) => inputs.length)).toEqual([0]);
  }
  const policy = '"few-requests.requests";q=3;w=2592000;qu="requests"';
  for (const told of calls) expect(headerOf(told, "ratelimit-policy")).toBe(policy);
  expect(await refusedBy(run, "few-requests", "requests")).toBe(7);
  expect((await run.client.invoke(ask("free"))).error).toBeUndefined();
});

test("a call reserves what it may use and is settled by what it used, however it ends", async () => {
  await using run = await startGatewayRun({
    endpoints: { echo: {}, stalls: { behaviour: { stallAfterChunks: 3 } }, fails: { behaviour: { status: 500 } } },
    callLimits: { answerTokens: 500, rules: [{ ...LONG, name: "tokens", tokensMax: 1_000 }] },
  });
  const tokensOf = ({ summary }: Told) =>
    Number((summary?.usage?.inputTokens ?? 0n) + (summary?.usage?.outputTokens ?? 0n));

  const first = await run.client.invoke(ask("echo"));
  expect(leftOf(first, "tokens.tokens")).toBeLessThan(500);
  const second = await run.client.stream({ ...ask("echo"), stream: true });
  const reserved = 1_000 - leftOf(first, "tokens.tokens");
  expect(leftOf(second, "tokens.tokens")).toBe(1_000 - tokensOf(first) - reserved);

  await run.client.invoke(ask("fails"));
  expect(leftOf(await run.client.invoke(ask("fails")), "tokens.tokens")).toBe(1_000 - reserved);

  const hungUp = await run.client.stream({ ...ask("stalls"), stream: true, hangUpAfter: 2 });
  const { attempts } = await recordOfCall(run, hungUp);
  const attributes = attempts[0]?.attributes;
  const used = Number(attributes?.["gen_ai.usage.input_tokens"]) + Number(attributes?.["gen_ai.usage.output_tokens"]);
  const next = await run.client.stream({ ...ask("stalls"), stream: true, hangUpAfter: 2 });
  expect(leftOf(next, "tokens.tokens")).toBe(1_000 - used - reserved);
});

test("each key, and each workspace, is counted apart, by what the gateway verified", async () => {
  const roles = ["invoke"] as const;
  const [one, other, foreign] = [
    keyFor("one", roles),
    keyFor("other", roles),
    keyFor("foreign", roles, { workspace: "b" }),
  ];
  await using run = await startGatewayRun({
    endpoints: { echo: { settings: { sharedWith: ["b"] } } },
    workspaces: [{ name: "b" }],
    auth: { keys: [one.line, other.line, foreign.line] },
    callLimits: {
      rules: [
        { per: "key", every: "month", name: "per-key", requestsMax: 2 },
        { per: "workspace", every: "month", name: "per-workspace", requestsMax: 3 },
      ],
    },
  });
  const askAs = ({ key }: { readonly key: string }) =>
    run.client.invoke({ model: "echo", headers: [["authorization", `Bearer ${key}`]] });
  const told: (string | undefined)[] = [];
  for (const caller of [one, one, one, other, other, foreign, foreign, foreign])
    told.push(limitOf(await askAs(caller)));
  const fine = undefined;
  expect(told).toEqual([fine, fine, "per-key", fine, "per-workspace", fine, fine, "per-key"]);
});

test("a budget that is used up refuses calls until the next window, without saying how much money there is", async () => {
  await using run = await startGatewayRun({
    endpoints: { paid: { price: PRICE } },
    callLimits: { answerTokens: 100, rules: [{ ...LONG, name: "pocket-money", usdMax: 0.000_2 }] },
  });
  const told: Told[] = [];
  while (told.at(-1)?.error === undefined && told.length < 100) told.push(await run.client.invoke(ask("paid")));
  const spent = told.reduce((sum, { summary }) => sum + Number(summary?.cost?.totalNanoUsd ?? 0n), 0);
  const [last] = told.slice(-1);
  if (last === undefined) throw new Error("nothing was told");
  expect(told.length).toBeGreaterThan(3);
  expect(spent).toBeLessThanOrEqual(200_000);
  expect(errorInfoOf(last).reason).toBe("BUDGET_EXCEEDED");
  expect(last.error?.details).toMatch(
    /^The budget pocket-money of 0\.0002 US dollars per endpoint and month has no room/,
  );
  expect(last.metadata.get("ratelimit")).toEqual([]);
  expect((await recordOfCall(run, last)).mirrorErrorTypes).toEqual(["budget_exceeded"]);
});

test("no more calls are under way at once than a rule says", async () => {
  await using run = await startGatewayRun({
    endpoints: { held: { behaviour: { stallAfterChunks: 1 } } },
    callLimits: { rules: [{ per: "key", name: "at-once", callsMax: 1 }] },
  });
  const hangUp = new AbortController();
  const held = run.client.stream({ ...ask("held"), stream: true, signal: hangUp.signal });
  await until("the call is under way", async () => (await run.metrics()).get("twinspan_calls_in_flight") === 1);
  const refused = await run.client.invoke(ask("held"));
  expect(refused.error?.details).toBe(
    "The limit at-once of 1 calls at once per key is reached. Try again when one has ended.",
  );
  hangUp.abort();
  await held;
  const next = await run.client.stream({ ...ask("held"), stream: true, hangUpAfter: 1 });
  expect(next.error?.details ?? "").not.toContain("at-once");
});

test("rules change while the gateway runs, and what was used stays counted", async () => {
  await using run = await startGatewayRun({
    endpoints: { echo: {} },
    callLimits: { rules: [{ ...LONG, name: "requests", requestsMax: 1 }] },
  });
  expect((await run.client.invoke(ask("echo"))).error).toBeUndefined();
  expect(limitOf(await run.client.invoke(ask("echo")))).toBe("requests");
  const text = await readFile(run.configFile, "utf8");
  await writeFile(run.configFile, text.replace('"requestsMax":1', '"requestsMax":3'));
  run.gateway.reload();
  const [second, third, fourth] = [
    await run.client.invoke(ask("echo")),
    await run.client.invoke(ask("echo")),
    await run.client.invoke(ask("echo")),
  ];
  expect([second, third, fourth].map(limitOf)).toEqual([undefined, undefined, "requests"]);
});

test("gateways share a Redis; while it is away calls go on uncounted, which health and a metric say", async () => {
  await using redis = await startRedisServer();
  const script = {
    endpoints: { echo: {} },
    callLimits: { redis: { url: redis.url }, rules: [{ ...LONG, name: "shared", requestsMax: 4 }] },
  };
  await using one = await startGatewayRun(script);
  await using other = await startGatewayRun(script);
  const readyz = async () => (await fetch(`http://${one.gateway.opsAddress}/readyz`)).json();
  const fine = { status: "ready", degraded: [] };
  for (const { gateway } of [one, other]) {
    const isFine = async () => JSON.stringify(await (await fetch(`http://${gateway.opsAddress}/readyz`)).json());
    await until("Redis is connected", async () => (await isFine()) === JSON.stringify(fine));
  }
  const calls = await Promise.all(
    Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? one : other).client.invoke(ask("echo"))),
  );
  expect(calls.filter((told) => limitOf(told) === "shared")).toHaveLength(6);

  await redis.kill();
  expect((await one.client.invoke(ask("echo"))).error).toBeUndefined();
  expect(await readyz()).toMatchObject({
    status: "ready",
    degraded: [expect.stringMatching(/^limits degraded: Redis is away: .*; calls under a rule are not counted$/)],
  });
  expect((await one.metrics()).get("twinspan_limit_uncounted_total")).toBe(1);

  await redis.start();
  await until("it is used again", async () => JSON.stringify(await readyz()) === JSON.stringify(fine));
});

test("where limits must hold, calls are refused while Redis is away", async () => {
  await using run = await startGatewayRun({
    endpoints: { echo: {} },
    callLimits: {
      redis: { url: "redis://127.0.0.1:1", whenAway: "refuse" },
      rules: [{ ...LONG, name: "strict", requestsMax: 4 }],
    },
  });
  const told = await run.client.invoke(ask("echo"));
  expect(told.error).toMatchObject({ code: status.UNAVAILABLE });
  expect(retryDelayMsOf(told)).toBe(1_000);
});
