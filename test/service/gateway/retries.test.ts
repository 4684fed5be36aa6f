import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Ask } from "../../callers/gateway-client.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { QUICK, routed, scripted } from "../../neighbours/routed.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { callRouted } from "../../traces/route-view.ts";

let run: GatewayRun;

beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
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
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

const call = (model: string, more?: Partial<Ask>) => callRouted(run, model, more);

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
