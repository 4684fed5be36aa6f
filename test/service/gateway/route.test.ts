import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Ask } from "../../callers/gateway-client.ts";
import { QUICK, routed, scripted } from "../../neighbours/routed.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { callRouted } from "../../traces/route-view.ts";

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

const call = (model: string, more?: Partial<Ask>) => callRouted(run, model, more);

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
