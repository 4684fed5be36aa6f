import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { CALLER } from "../../callers/gateway-client.ts";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";

let run: GatewayRun;
beforeAll(async () => {
  const failing = { behaviour: { status: 503 } };
  run = await startGatewayRun({ endpoints: { good: {}, failing, untraced: { ...failing, tracing: "off" } } });
});
afterAll(() => run[Symbol.asyncDispose]());

const line = z.looseObject({ level: z.number(), module: z.string().optional(), endpoint: z.string().optional() });
const linesOf = (endpoint: string) =>
  run.logged
    .map((written) => line.parse(JSON.parse(written)))
    .filter((told) => told.module === "access" && told.endpoint === endpoint);

test("a call that fails is one line: ids, names, how it ended and what it took, and nothing that was said", async () => {
  const headers = [
    ["x-request-id", "req-7"],
    ["traceparent", `00-${CALLER.traceId}-${CALLER.spanId}-01`],
  ] as const;
  const told = await run.client.stream({ model: "failing", text: "canary-question", headers });
  const [only, ...others] = linesOf("failing");
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    level: 40,
    msg: "call",
    requestId: "req-7",
    traceId: told.summary?.traceId,
    callerTraceId: `tr-${CALLER.traceId}`,
    operation: "chat",
    outcome: "provider_unavailable",
    attempts: 1,
    provider: "scripted",
    model: "failing-model",
    ms: expect.any(Number),
  });
  expect(run.logged.join("")).not.toContain("canary");
});

test("a call that ends well is none, unless the configuration asks for a share of them", async () => {
  await run.client.invoke({ model: "good" });
  expect(linesOf("good")).toEqual([]);
});

test("an id that no header may hold is not taken, and a call without traces has none", async () => {
  await run.client.invoke({ model: "untraced", headers: [["x-request-id", "two words"]] });
  const [only] = linesOf("untraced");
  expect(only).toMatchObject({ outcome: "provider_unavailable" });
  expect(only).not.toHaveProperty("requestId");
  expect(only).not.toHaveProperty("traceId");
});
