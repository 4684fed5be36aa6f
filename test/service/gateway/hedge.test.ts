import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import { until } from "../../../tools/until.ts";
import { type Ask, CALLER } from "../../callers/gateway-client.ts";
import { errorInfoOf } from "../../callers/told.ts";
import { QUICK, routed, scripted } from "../../neighbours/routed.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { routeOfCall } from "../../traces/route-view.ts";

let run: GatewayRun;

const HEDGED = { hedgeAfterMs: 40 };

beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      quick: routed([scripted("chunks-3")], { hedgeAfterMs: 10_000, fallbacks: [scripted("echo-1")] }),
      "second-wins": routed([scripted("stall-before-head")], { ...HEDGED, fallbacks: [scripted("chunks-3")] }),
      // Its answer begins after the hedge has, and long before the hedge's.
      "first-wins": {
        behaviour: { delayHeadMs: 250, chunks: 2 },
        settings: { ...HEDGED, fallbacks: [scripted("stall-before-head")] },
      },
      "second-fails": {
        behaviour: { delayHeadMs: 250, chunks: 2 },
        settings: { ...HEDGED, fallbacks: [scripted("status-500")] },
      },
      "first-fails": {
        behaviour: { delayHeadMs: 100, status: 500 },
        fallback: { delayHeadMs: 300, chunks: 2 },
        settings: { ...HEDGED },
      },
      "first-rejects": {
        behaviour: { delayHeadMs: 100, status: 422 },
        settings: { ...HEDGED, fallbacks: [scripted("stall-before-head")] },
      },
      "both-fail": {
        behaviour: { delayHeadMs: 250, status: 503 },
        settings: { ...HEDGED, retries: { ...QUICK, max: 1 }, fallbacks: [scripted("status-401"), scripted("echo-1")] },
      },
      "both-fail-badly": {
        behaviour: { delayHeadMs: 100, status: 503 },
        fallback: { delayHeadMs: 250, status: 401 },
        settings: HEDGED,
      },
      "nobody-else": { behaviour: { delayHeadMs: 150 }, settings: HEDGED },
      "no-more-attempts": {
        behaviour: { delayHeadMs: 150 },
        settings: { ...HEDGED, attemptsMax: 1, fallbacks: [scripted("echo-1")] },
      },
      "whole-loses": {
        behaviour: { chunks: 2, stallAfterChunks: 1 },
        settings: { ...HEDGED, fallbacks: [scripted("chunks-3")] },
      },
      "both-stall": routed([scripted("stall-before-head")], { ...HEDGED, fallbacks: [scripted("stall-before-head")] }),
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

async function call(model: string, more: Partial<Ask> = {}) {
  const told = await run.client.stream({ model, headers: [CALLER.header], ...more });
  return { told, ...(await routeOfCall(run, told)) };
}

/** The provider's latest request to a model, once it is over. */
function endedRequest(model: string) {
  return until(`${model} is over`, () =>
    run.provider.requests.findLast(({ body, ended }) => ended && body.includes(`"model":"${model}"`)),
  );
}

test("an answer that begins in time is not hedged", async () => {
  const { route } = await call("quick", { stream: true });
  expect(route).toEqual(["chunks-3 first ok"]);
});

test.each([true, false])(
  "when the first is late and the second answers, the second wins (stream: %s)",
  async (stream) => {
    const { told, route, view } = await call("second-wins", { stream });
    expect(told).toMatchObject({
      error: undefined,
      head: { status: 200 },
      summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, attempts: 2 },
    });
    expect(route).toEqual(["stall-before-head first cancelled", "chunks-3 hedge ok"]);
    expect((await endedRequest("stall-before-head"))?.aborted).toBe(true);
    expect(view.root.outputs).toContain("word word word");
    expectInside(view);
  },
);

test.each([true, false])("when the first answers after all, it wins (stream: %s)", async (stream) => {
  const { told, route, view } = await call("first-wins", { stream });
  expect(told).toMatchObject({
    error: undefined,
    summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED, usage: { outputTokens: 2n } },
  });
  expect(route).toEqual(["first-wins-model first ok", "stall-before-head hedge cancelled"]);
  expect((await endedRequest("stall-before-head"))?.aborted).toBe(true);
  expect(view.root.outputs).toContain("word word");
  expectInside(view);
  if (stream) {
    const first = Number(view.attempts[0]?.attributes["gen_ai.response.time_to_first_chunk"]) * 1e9;
    const startedAfter = (view.attempts[0]?.span.startTimeUnixNano ?? 0n) - view.root.span.startTimeUnixNano;
    expect(Number(told.summary?.timeToFirstTokenNanos)).toBeCloseTo(first + Number(startedAfter), -4);
  }
});

test("a loser in the middle of its whole answer is aborted too, and only the winner's output is kept", async () => {
  const { route, view } = await call("whole-loses");
  expect(route).toEqual(["whole-loses-model first cancelled", "chunks-3 hedge ok"]);
  expect((await endedRequest("whole-loses-model"))?.aborted).toBe(true);
  expect(JSON.parse(view.root.outputs).choices[0].message.content).toBe("word word word ");
});

test("a hedge that fails leaves the first to answer, and the other way round", async () => {
  const first = await call("second-fails", { stream: true });
  expect(first.route).toEqual(["second-fails-model first ok", "status-500 hedge provider_unavailable"]);
  const second = await call("first-fails", { stream: true });
  expect(second.route).toEqual(["first-fails-model first provider_unavailable", "first-fails-fallback hedge ok"]);
  for (const { told } of [first, second])
    expect(told).toMatchObject({ error: undefined, summary: { errorType: ErrorType.ERROR_TYPE_UNSPECIFIED } });
});

test("a refusal that is the caller's own fault is an answer", async () => {
  const { told, route } = await call("first-rejects");
  expect(told.head?.status).toBe(422);
  expect(route).toEqual(["first-rejects-model first provider_rejected", "stall-before-head hedge cancelled"]);
});

test("when both fail, the later failure decides what is tried next", async () => {
  const { route } = await call("both-fail");
  expect(route).toEqual([
    "both-fail-model first provider_unavailable",
    "status-401 hedge provider_auth",
    // It is slow again, and hedged again.
    "both-fail-model retry cancelled",
    "echo-1 hedge ok",
  ]);
});

test("when both fail for good, the failure that may pass is told", async () => {
  const { told, route } = await call("both-fail-badly");
  expect(route).toEqual([
    "both-fail-badly-model first provider_unavailable",
    "both-fail-badly-fallback hedge provider_auth",
  ]);
  expect(told).toMatchObject({ error: undefined, head: { status: 503 } });
});

test.each(["nobody-else", "no-more-attempts"])("%s: the first is waited for", async (model) => {
  const { told, route } = await call(model);
  expect(told.head?.status).toBe(200);
  expect(route).toEqual([`${model}-model first ok`]);
});

test("a caller that goes ends both", async () => {
  const known = run.provider.requests.length;
  const { told, route } = await call("both-stall", { options: { deadline: Date.now() + 400 } });
  expect(told.error?.code).toBe(status.DEADLINE_EXCEEDED);
  expect(route).toEqual(["stall-before-head first deadline_exceeded", "stall-before-head hedge deadline_exceeded"]);
  await until("both are aborted", () => {
    const both = run.provider.requests.slice(known);
    return both.length === 2 && both.every(({ aborted }) => aborted);
  });
  expect(errorInfoOf(told)).toBeDefined();
});

/** Attempts lie inside their call, also one that lost. */
function expectInside(view: Awaited<ReturnType<typeof call>>["view"]): void {
  for (const { span } of view.attempts) {
    expect(span.startTimeUnixNano).toBeGreaterThanOrEqual(view.root.span.startTimeUnixNano);
    expect(span.endTimeUnixNano).toBeGreaterThanOrEqual(span.startTimeUnixNano);
    expect(span.endTimeUnixNano).toBeLessThanOrEqual(view.root.span.endTimeUnixNano);
  }
}
