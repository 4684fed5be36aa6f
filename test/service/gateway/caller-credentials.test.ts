import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayRun, startGatewayRun } from "../../system/start-gateway.ts";
import { recordOfCall } from "../../traces/record-view.ts";

const CALLER = { credentials: "caller" };
const KEY = "sk-the-callers-own";

/** The scripted provider, as Anthropic's and Gemini's. */
const anthropic = (baseUrl: string) => ({ kind: "anthropic", baseUrl: baseUrl.replace("/v1", "/anthropic/v1") });
const gemini = (baseUrl: string) => ({ kind: "gemini", baseUrl: baseUrl.replace("/v1", "/gemini/v1beta") });

let run: GatewayRun;
beforeAll(async () => {
  run = await startGatewayRun({
    endpoints: {
      openai: { settings: CALLER },
      anthropic: { provider: anthropic, settings: CALLER },
      gemini: { provider: gemini, settings: CALLER },
      refuses: { provider: anthropic, behaviour: { status: 401 }, settings: CALLER },
    },
  });
});
afterAll(() => run[Symbol.asyncDispose]());

const as = (name: string, value: string) => ({ credentials: [{ name, value }] });

test.each([
  ["openai", "authorization", `Bearer ${KEY}`],
  ["anthropic", "x-api-key", KEY],
  ["gemini", "x-goog-api-key", KEY],
])("a caller's key is where %s looks for it, also when the request is translated", async (model, header, value) => {
  const told = await run.client.invoke({ model, invocation: as("authorization", `Bearer ${KEY}`) });
  expect(told.head?.status).toBe(200);
  const { headers } = run.provider.requests.at(-1) ?? {};
  expect(headers?.[header]).toBe(value);
  const others = Object.entries(headers ?? {}).filter(([name]) => name !== header);
  expect(JSON.stringify(others)).not.toContain(KEY);
});

test("what a provider says of a caller's own key is the caller's, also when it is translated", async () => {
  const told = await run.client.invoke({ model: "refuses", invocation: as("authorization", `Bearer ${KEY}`) });
  expect(told.head?.status).toBe(401);
  expect(JSON.parse(told.body)).toMatchObject({ error: { message: expect.any(String) } });
  const { root, attempts } = await recordOfCall(run, told);
  expect([root.errorType, attempts.length]).toEqual(["provider_rejected", 1]);
});

test("a call without any key is refused, and leaves a light trace without an attempt", async () => {
  const before = run.provider.requests.length;
  const told = await run.client.invoke({ model: "openai" });
  expect(told.error?.details).toContain("The endpoint openai sends its provider the caller's own key");
  expect(told.error?.code).toBe(16);
  expect(run.provider.requests).toHaveLength(before);
  const { root, attempts } = await recordOfCall(run, told);
  expect([root.errorType, attempts.length]).toEqual(["permission_denied", 0]);
});
