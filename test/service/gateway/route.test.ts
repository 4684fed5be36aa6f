import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { type Ask, CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { QUICK, routed, scripted } from "../../neighbours/routed.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { routeOfCall } from "../../traces/route-view.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      split: routed([scripted("chunks-1", { weight: 1 }), scripted("chunks-2", { weight: 3 })]),
      sticky: routed([scripted("chunks-1"), scripted("chunks-2")], { sticky: "session" }),
      reserve: routed([scripted("chunks-1", { weight: 0 }), scripted("status-500")], {
        fallbacks: [scripted("echo-1")],
      }),
      chain: routed([scripted("status-500")], {
        fallbacks: [scripted("status-529"), scripted("stall-before-head"), scripted("echo-1")],
        timeouts: { firstByteMs: 100 },
      }),
      recovers: routed([scripted("recovers-after-2")], { retries: QUICK, fallbacks: [scripted("echo-1")] }),
      "never-recovers": routed([scripted("status-503")], { retries: QUICK, fallbacks: [scripted("status-500")] }),
      "slow-down": {
        behaviour: { status: 429, headers: { "retry-after-ms": "60" }, failTimes: 1 },
        settings: { retries: { max: 1, delayMinMs: 1, delayMaxMs: 500 } },
      },
      "much-slower": routed([scripted("retry-after-30")], { retries: QUICK, fallbacks: [scripted("echo-1")] }),
      "much-slower-alone": routed([scripted("retry-after-date-30")], { retries: QUICK }),
      final: { behaviour: { status: 503, headers: { "x-should-retry": "false" } }, settings: { retries: QUICK } },
      "not-implemented": routed([scripted("status-501")], { retries: QUICK, fallbacks: [scripted("echo-1")] }),
      "few-attempts": routed([scripted("status-503")], {
        retries: { ...QUICK, max: 5 },
        attemptsMax: 3,
        fallbacks: [scripted("echo-1")],
      }),
      "little-time": routed([scripted("stall-before-head")], {
        timeouts: { firstByteMs: 60 },
        attemptsMs: 50,
        fallbacks: [scripted("echo-1")],
      }),
      // What a provider asks for is waited out; a wait of our own is drawn, and may be none.
      "long-wait": routed([scripted("retry-after-30")], { retries: { max: 1, delayMaxMs: 60_000 } }),
      ...Object.fromEntries(
        [400, 404, 409, 413, 422, 425].map((code) => [
          `rejects-${code}`,
          routed([scripted(`status-${code}`)], { retries: QUICK, fallbacks: [scripted("echo-1")] }),
        ]),
      ),
      ...Object.fromEntries(
        [401, 402, 403].map((code) => [
          `locked-${code}`,
          routed([scripted(`status-${code}`)], { retries: QUICK, fallbacks: [scripted("echo-1")] }),
        ]),
      ),
      "own-key": routed([scripted("status-401")], { credentials: "caller", fallbacks: [scripted("echo-1")] }),
      "fallback-without-key": {
        provider: { apiKey: "${SOME_KEY}" },
        settings: { models: [scripted("status-500")], fallbacks: [scripted("echo-1", { of: "fallback-without-key" })] },
      },
      untranslatable: { provider: { kind: "anthropic", apiKey: "a-key" }, fallback: {} },
      "told-of-the-fault": routed([scripted("status-503")], { fallbacks: [scripted("status-401")] }),
      "told-of-the-last": routed([scripted("retry-after-7")], { fallbacks: [scripted("status-500")] }),
      timeouts: routed([scripted("stall-after-2")], { timeouts: { idleMs: 700 } }),
      "timeouts-in-all": routed([scripted("stall-after-2")], { timeouts: { totalMs: 1_000 } }),
      "cut-late": routed([scripted("cut-after-3")], { retries: QUICK, fallbacks: [scripted("echo-1")] }),
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

/** Calls an endpoint with a caller's context, and tells the way it took. */
async function call(model: string, more: Partial<Ask> = {}) {
  const told = await run.client.stream({ model, headers: [CALLER.header], ...more });
  const { route, view } = await routeOfCall(run, told);
  expect(told.summary?.attempts ?? route.length).toBe(route.length);
  return { told, route, view };
}

test("calls are split by weight", async () => {
  const calls = await Promise.all(Array.from({ length: 200 }, () => run.client.invoke({ model: "split" })));
  const ofFirst = calls.filter(({ summary }) => summary?.usage?.outputTokens === 1n).length;
  // A quarter, and five standard deviations.
  expect(ofFirst).toBeGreaterThan(50 - 31);
  expect(ofFirst).toBeLessThan(50 + 31);
});

test("a session stays with its model where the endpoint is sticky, and sessions are spread", async () => {
  const modelOf = async (session: string) => {
    const headers = [["x-twinspan-session-id", session]] as const;
    return (await run.client.invoke({ model: "sticky", headers })).summary?.usage?.outputTokens;
  };
  const sessions = Array.from({ length: 16 }, (_, index) => `session-${index}`);
  const first = await Promise.all(sessions.map(modelOf));
  expect(await Promise.all(sessions.map(modelOf))).toEqual(first);
  expect(new Set(first).size).toBe(2);
});

test("a model without a share is asked after those that have one, before the fallbacks", async () => {
  const { route } = await call("reserve");
  expect(route).toEqual(["status-500 first provider_unavailable", "chunks-1 fallback ok"]);
});

test("fallbacks are asked in order until one answers, and both twins have every attempt", async () => {
  const { told, route, view } = await call("chain");
  expect(told.head?.status).toBe(200);
  expect(route).toEqual([
    "status-500 first provider_unavailable",
    "status-529 fallback provider_unavailable",
    "stall-before-head fallback provider_timeout",
    "echo-1 fallback ok",
  ]);
  expect(view.attempts.map(({ attributes }) => attributes["http.response.status_code"])).toEqual([
    500,
    529,
    undefined,
    200,
  ]);
  expect(view.attempts[2]?.errorText).toContain("UND_ERR_HEADERS_TIMEOUT");
});

test("what may pass is tried again, on the same model", async () => {
  const { told, route } = await call("recovers");
  expect(told).toMatchObject({ head: { status: 200 }, summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED } });
  expect(route).toEqual([
    "recovers-after-2 first provider_unavailable",
    "recovers-after-2 retry provider_unavailable",
    "recovers-after-2 retry ok",
  ]);
});

test("when retries and fallbacks have failed, the last refusal passes as it came", async () => {
  const { told, route } = await call("never-recovers");
  expect(route).toEqual([
    "status-503 first provider_unavailable",
    "status-503 retry provider_unavailable",
    "status-503 retry provider_unavailable",
    "status-500 fallback provider_unavailable",
    "status-500 retry provider_unavailable",
    "status-500 retry provider_unavailable",
  ]);
  expect(told).toMatchObject({
    error: undefined,
    head: { status: 500 },
    summary: { errorType: ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE },
  });
  expect(told.body).toContain("500");
});

test("a Retry-After is waited for", async () => {
  const { route, view } = await call("slow-down");
  expect(route).toEqual(["slow-down-model first provider_rate_limited", "slow-down-model retry ok"]);
  const [first, retry] = view.attempts;
  const waitedNanos = (retry?.span.startTimeUnixNano ?? 0n) - (first?.span.endTimeUnixNano ?? 0n);
  expect(waitedNanos).toBeGreaterThanOrEqual(58_000_000n);
});

test("a Retry-After that is too long leads to the next model, and without one to the caller", async () => {
  const { route } = await call("much-slower");
  expect(route).toEqual(["retry-after-30 first provider_rate_limited", "echo-1 fallback ok"]);
  const alone = await call("much-slower-alone");
  expect(alone.route).toEqual(["retry-after-date-30 first provider_rate_limited"]);
  expect(alone.told.head?.status).toBe(429);
  expect(alone.told.head?.headers.map(({ name }) => name)).toContain("retry-after");
});

test("a provider that says that trying again is of no use is not asked again", async () => {
  expect((await call("final")).route).toEqual(["final-model first provider_unavailable"]);
  expect((await call("not-implemented")).route).toEqual([
    "status-501 first provider_unavailable",
    "echo-1 fallback ok",
  ]);
});

test.each([400, 404, 409, 413, 422, 425])(
  "the caller's own %i ends the call, as the provider wrote it",
  async (code) => {
    const { told, route } = await call(`rejects-${code}`);
    expect(route).toEqual([`status-${code} first provider_rejected`]);
    expect(told).toMatchObject({ error: undefined, head: { status: code } });
  },
);

test.each([401, 402, 403])("a %i on a key of ours leads to the next model at once", async (code) => {
  const { told, route } = await call(`locked-${code}`);
  expect(route).toEqual([`status-${code} first provider_auth`, "echo-1 fallback ok"]);
  expect(told.head?.status).toBe(200);
});

test("a 401 on the caller's own key is the caller's, as the provider wrote it", async () => {
  const invocation = { credentials: [{ name: "authorization", value: "Bearer theirs" }] };
  const { told, route } = await call("own-key", { invocation });
  expect(route).toEqual(["status-401 first provider_rejected"]);
  expect(told).toMatchObject({ error: undefined, head: { status: 401 } });
});

test("a request that one provider has no word for goes to the next that has", async () => {
  const { told, route, view } = await call("untranslatable", { also: { logit_bias: { "50256": -100 } } });
  expect(told.head?.status).toBe(200);
  expect(route).toEqual(["untranslatable-model first invalid_request", "untranslatable-fallback fallback ok"]);
  expect(view.attempts[0]?.errorText).toContain("logit_bias");
});

test("a fallback whose key is unset is none", async () => {
  const { told, route } = await call("fallback-without-key");
  expect(route).toEqual(["status-500 first provider_unavailable"]);
  expect(told.head?.status).toBe(500);
});

test("the number of attempts is kept to its limit", async () => {
  const { told, route } = await call("few-attempts");
  expect(route).toEqual([
    "status-503 first provider_unavailable",
    "status-503 retry provider_unavailable",
    "status-503 retry provider_unavailable",
  ]);
  expect(told.head?.status).toBe(503);
});

test("no attempt begins after the time for attempts", async () => {
  const { told, route } = await call("little-time");
  expect(route).toEqual(["stall-before-head first provider_timeout"]);
  expect(errorInfoOf(told).reason).toBe("PROVIDER_TIMEOUT");
});

test("a caller that goes while a retry waits ends the call at once", async () => {
  const startMs = performance.now();
  const { told, route, view } = await call("long-wait", { options: { deadline: Date.now() + 1_000 } });
  expect(performance.now() - startMs).toBeLessThan(20_000);
  expect(told.error?.code).toBe(status.DEADLINE_EXCEEDED);
  expect(route).toEqual(["retry-after-30 first provider_rate_limited"]);
  expect(view.root.errorType).toBe("deadline_exceeded");
});

test("a provider's failure that may pass is told before one that is about our key", async () => {
  const { told, route } = await call("told-of-the-fault");
  expect(route).toEqual(["status-503 first provider_unavailable", "status-401 fallback provider_auth"]);
  expect(told).toMatchObject({
    head: { status: 503 },
    summary: { errorType: ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE },
  });
});

test("else the last failure is told", async () => {
  const { told, route } = await call("told-of-the-last");
  expect(route).toEqual(["retry-after-7 first provider_rate_limited", "status-500 fallback provider_unavailable"]);
  expect(told.head?.status).toBe(500);
});

test.each([
  ["timeouts", "idleMs"],
  ["timeouts-in-all", "totalMs"],
])("an endpoint's own %s are kept, and named", async (model, limit) => {
  const { told, route } = await call(model, { stream: true });
  expect(route).toHaveLength(1);
  expect(told.summary?.errorType).toBe(ErrorType.ERROR_TYPE_PROVIDER_TIMEOUT);
  expect(told.body).toContain(limit);
});

test("after the first byte nobody else is asked", async () => {
  const { told, route } = await call("cut-late", { stream: true });
  expect(route).toEqual(["cut-after-3 first provider_protocol"]);
  expect(told.body).toContain("provider_protocol");
});

test("the figures tell why attempts were made", async () => {
  const metrics = await run.metrics();
  const attempts = (model: string, reason: string, outcome: string) =>
    metrics.get(
      `twinspan_attempts_total{provider="scripted",model="${model}",reason="${reason}",outcome="${outcome}"}`,
    );
  expect(attempts("recovers-after-2", "retry", "ok")).toBe(1);
  expect(attempts("recovers-after-2", "retry", "provider_unavailable")).toBe(1);
  expect(attempts("recovers-after-2", "first", "provider_unavailable")).toBe(1);
  expect(metrics.get("twinspan_calls_in_flight")).toBe(0);
});
