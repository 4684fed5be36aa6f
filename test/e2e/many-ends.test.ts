import { expect, test } from "vitest";
import { until } from "../../tools/until.ts";
import { expectLedger } from "../system/ledger.ts";
import { type Kind, startLoad, wentWell } from "../system/load.ts";
import { outboxRest } from "../system/outbox-rest.ts";
import { startStack } from "../system/stack.ts";
import { untilShipped } from "../traces/twins.ts";

/** Ways for a call to end, and the words that its twins may then have. */
const ENDS: readonly (readonly [kind: Kind, words: readonly (string | undefined)[]])[] = [
  [{ model: "echo-1", stream: false }, [undefined]],
  [{ model: "echo-1", stream: true }, [undefined]],
  // The whole stream may be on its way before the hang-up is heard of.
  [{ model: "echo-1", stream: true, hangUpAfter: 4 }, [undefined, "cancelled"]],
  [{ model: "stall-after-1", stream: true, hangUpAfter: 1 }, ["cancelled"]],
  [{ model: "stall-after-3", stream: true, hangUpAfter: 2 }, ["cancelled"]],
  [{ model: "stall-after-5", stream: true, hangUpAfter: 5 }, ["cancelled"]],
  [{ model: "cut-after-3", stream: true }, ["provider_protocol"]],
  [{ model: "cut-after-3", stream: false }, ["provider_protocol"]],
  [{ model: "cut-before-head", stream: false }, ["provider_unavailable"]],
  [{ model: "error-after-2", stream: true }, ["provider_unavailable"]],
  [{ model: "status-429", stream: false }, ["provider_rate_limited"]],
  [{ model: "status-400", stream: true }, ["provider_rejected"]],
  [{ model: "garbage-1", stream: true }, ["provider_protocol"]],
];

test("hundreds of calls at once, ended in every way there is, each have their twins and nothing is left over", async () => {
  await using stack = await startStack({ models: [...new Set(ENDS.map(([{ model }]) => model))] });
  const count = ENDS.length * 24;
  const calls = await startLoad(
    stack,
    count,
    ENDS.map(([kind]) => kind),
  ).all();
  await untilShipped(stack);
  const entries = await expectLedger(stack, calls);
  for (const [kind, words] of ENDS) {
    const said = entries.filter(({ call }) => call.kind === kind);
    expect(said).toHaveLength(24);
    for (const { call, traceNames, errorType } of said) {
      expect(traceNames, JSON.stringify(call)).toHaveLength(1);
      expect(words, JSON.stringify(call)).toContain(errorType);
    }
  }
  expect(entries.filter(({ call, errorType }) => wentWell(call) && errorType !== undefined)).toEqual([]);
  expect(await stack.gateway.metric("twinspan_calls_in_flight")).toBe(0);
  expect(await stack.ingress.metric("twinspan_ingress_requests_in_flight")).toBeLessThanOrEqual(1);
  await stack.gateway.stop();
  expect(await outboxRest(stack)).toEqual({ notes: 0, records: 0 });
}, 60_000);

test("no reader ever sees one twin without the other", async () => {
  // Record by record, so that there are as many moments as records at which a reader could see one half.
  await using stack = await startStack({ models: ["echo-1"], outbox: { batchRecordsMax: 1, lingerMs: 0 } });
  const load = startLoad(stack, 300, [{ model: "echo-1", stream: false }]);
  const seen = new Set<string>();
  await until(
    "every record was seen arriving, or is there",
    async () => {
      const [agents, full] = [await stack.stored.pending(), await stack.stored.inExperiment("gateway/echo-1")];
      const fresh = [...agents, ...full].filter(({ traceId }) => !seen.has(traceId));
      for (const { traceId, linkedTraceIds } of fresh) {
        seen.add(traceId);
        expect(linkedTraceIds, traceId).toHaveLength(1);
        const other = await stack.stored.find(linkedTraceIds[0] ?? "");
        expect(other?.info?.linkedTraceIds, traceId).toEqual([traceId]);
      }
      return seen.size === 600;
    },
    50_000,
  );
  await expectLedger(stack, await load.all());
}, 60_000);
