import { expect, test } from "vitest";
import { until } from "../../../tools/until.ts";
import { CALLER } from "../../callers/gateway-client.ts";
import { startGatewayRun } from "../../system/start-gateway.ts";
import { viewOf } from "../../traces/record-view.ts";

const CALLS = 40;

test("calls that the drain has to cut leave twins with the output so far, before the gateway has stopped", async () => {
  await using run = await startGatewayRun({
    endpoints: { stalls: { behaviour: { stallAfterChunks: 3 } } },
    gateway: { drainMs: 100 },
  });
  const told = Array.from({ length: CALLS }, () =>
    run.client.stream({ model: "stalls", stream: true, text: "one two three four", headers: [CALLER.header] }),
  );
  await until("the provider is asked", () => run.provider.requests.length === CALLS);
  await until("all are in flight", async () => (await run.metrics()).get("twinspan_calls_in_flight") === CALLS);
  await run.gateway[Symbol.asyncDispose]();
  const views = run.traceWriter.records.map(viewOf);
  expect(views).toHaveLength(CALLS);
  for (const { root, attempts, mirrorErrorTypes } of views) {
    expect(attempts).toHaveLength(1);
    expect(JSON.parse(root.outputs).choices[0].message.content).toBe("one two ");
    expect(mirrorErrorTypes).toEqual([root.errorType, attempts[0]?.errorType]);
  }
  expect((await Promise.all(told)).every(({ error }) => error !== undefined)).toBe(true);
});
