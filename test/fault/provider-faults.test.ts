import { once } from "node:events";
import { createServer } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CALLER } from "../helpers/gateway-client.ts";
import { routeOfCall } from "../helpers/route-view.ts";
import { QUICK, routed, scripted } from "../helpers/routed.ts";
import { SELF_SIGNED } from "../helpers/self-signed.ts";
import { type GatewayRun, type ScriptedEndpoint, startGatewayRun } from "../helpers/start-gateway.ts";

const WORDS = "one two three four five six seven";

/** What can go wrong before the first byte, and what that attempt is in both twins. */
const EARLY = [
  ["stall-before-head", "provider_timeout"],
  ["stall-after-0", "provider_timeout"],
  ["cut-before-head", "provider_unavailable"],
  ["reset-before-head", "provider_unavailable"],
  ["cut-after-0", "provider_protocol"],
  ["half-event-0", "provider_protocol"],
  ["garbage-1", "provider_protocol"],
  ["wrong-type-1", "provider_protocol"],
  ["redirect-1", "provider_protocol"],
  ["error-after-0", "provider_unavailable"],
  ["status-500", "provider_unavailable"],
  ["retry-after-60", "provider_rate_limited"],
] as const;

/** What can go wrong after it, and what the call is then. */
const LATE = [
  ["stall-after-3", "provider_timeout"],
  ["cut-after-3", "provider_protocol"],
  ["half-event-3", "provider_protocol"],
  ["reset-after-3", "provider_protocol"],
  ["error-after-3", "provider_unavailable"],
] as const;

let run: GatewayRun;
const untrusted = createServer(SELF_SIGNED, (_request, response) => response.end("{}"));

beforeAll(async () => {
  untrusted.listen(0, "127.0.0.1");
  await once(untrusted, "listening");
  const bound = untrusted.address();
  const port = typeof bound === "object" ? bound?.port : 0;
  const settings = { timeouts: { firstByteMs: 150, idleMs: 150 }, fallbacks: [scripted("echo-1")] };
  const faulty = ([model]: readonly [string, string]): [string, ScriptedEndpoint] => [
    model,
    routed([scripted(model)], settings),
  ];
  run = await startGatewayRun({
    endpoints: {
      ...Object.fromEntries([...EARLY, ...LATE].map(faulty)),
      untrusted: { provider: { baseUrl: `https://127.0.0.1:${port}/v1` }, settings },
      unreachable: { provider: { baseUrl: "http://127.0.0.1:1/v1" }, settings },
      "500-then-good": routed([scripted("recovers-after-1")], { retries: QUICK }),
      "429-then-good": {
        behaviour: { status: 429, failTimes: 1, headers: { "retry-after-ms": "20" } },
        settings: { retries: { max: 1, delayMaxMs: 1_000 } },
      },
      large: routed([scripted("bytes-10000000")]),
    },
  });
});
afterAll(async () => {
  await run[Symbol.asyncDispose]();
  untrusted.close();
});

/** Streams from an endpoint, and tells the way the call took. */
async function stream(model: string) {
  const told = await run.client.stream({ model, stream: true, text: WORDS, headers: [CALLER.header] });
  return { told, ...(await routeOfCall(run, told)) };
}

test.each(EARLY)("before the first byte, %s is %s, and the fallback answers", async (model, errorType) => {
  const { told, route, view } = await stream(model);
  expect(told).toMatchObject({ error: undefined, head: { status: 200 }, summary: { errorType: "" } });
  expect(told.body.endsWith("data: [DONE]\n\n")).toBe(true);
  expect(route).toEqual([`${model} first ${errorType}`, "echo-1 fallback ok"]);
  expect(view.attempts[0]?.errorText).not.toBe("");
  expect(JSON.parse(view.root.outputs).choices[0].message.content).toBe(WORDS);
});

test.each([
  ["untrusted", "SELF_SIGNED"],
  ["unreachable", "ECONNREFUSED"],
])("a provider that is %s is never sent a word, and the trace says why", async (model, code) => {
  const { told, route, view } = await stream(model);
  expect(told).toMatchObject({ error: undefined, summary: { errorType: "" } });
  expect(route).toEqual([`${model}-model first provider_unavailable`, "echo-1 fallback ok"]);
  expect(view.attempts[0]?.errorText).toContain(code);
});

test.each(LATE)("after the first byte, %s ends the call as %s, with what came before", async (model, errorType) => {
  const { told, route, view } = await stream(model);
  expect(told).toMatchObject({ error: undefined, head: { status: 200 }, summary: { errorType } });
  expect(route).toEqual([`${model} first ${errorType}`]);
  expect(told.body).toContain("one");
  expect(told.body).toMatch(/\n\ndata: \{"error":\{[^\n]*\n\n$/);
  expect(view.root.errorType).toBe(errorType);
  expect(JSON.parse(view.root.outputs).choices[0].message.content).toMatch(/^one two $/);
});

test.each([
  ["500-then-good", "recovers-after-1", "provider_unavailable"],
  ["429-then-good", "429-then-good-model", "provider_rate_limited"],
])("%s: the same model is tried again, and answers", async (model, name, errorType) => {
  const { told, route } = await stream(model);
  expect(told).toMatchObject({ error: undefined, summary: { errorType: "" } });
  expect(route).toEqual([`${name} first ${errorType}`, `${name} retry ok`]);
});

test.each([true, false])(
  "an answer of 10 MB comes whole, and is recorded up to its limit (stream: %s)",
  async (stream) => {
    const told = await run.client.stream({ model: "large", stream, headers: [CALLER.header] });
    expect(told).toMatchObject({ error: undefined, summary: { errorType: "" } });
    expect(told.body.length).toBeGreaterThan(10_000_000);
    const { route, view } = await routeOfCall(run, told);
    expect(route).toEqual(["bytes-10000000 first ok"]);
    expect(view.root.outputs.length).toBeLessThanOrEqual(8 * 1024 * 1024);
  },
);
