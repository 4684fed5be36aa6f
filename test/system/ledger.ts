import { expect } from "vitest";
import { attributeOf, spansOf } from "../traces/stored-traces.ts";
import type { EndedCall } from "./load.ts";
import { wentWell } from "./load.ts";
import type { Stack } from "./stack.ts";

/** What is stored of a call that a caller made. */
export interface LedgerEntry {
  readonly call: EndedCall;
  /** The full traces that its mirrors lead to, by name. */
  readonly traceNames: readonly string[];
  /** The `error.type` of the mirror. Undefined: it went well, or there is none. */
  readonly errorType: string | undefined;
}

/**
 * Compares what callers saw with what is stored, both ways, call by call: each has at most one mirror; each mirror and
 * each full trace lead to one another; no full trace is there that nobody's mirror leads to; and every call that got
 * its terminal event has both, under the name that its answer gave.
 */
export async function expectLedger(stack: Stack, calls: readonly EndedCall[]): Promise<readonly LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for (const call of calls) entries.push(await entryOf(stack, call));
  const unrecorded = entries.filter(({ call, traceNames }) => wentWell(call) && traceNames.length !== 1);
  expect(unrecorded.map(({ call }) => call)).toEqual([]);
  for (const { call, traceNames } of entries) {
    if (call.answer.traceName !== undefined && traceNames.length > 0)
      expect(traceNames).toEqual([call.answer.traceName]);
  }

  const mirrored = entries.flatMap(({ traceNames }) => traceNames);
  const models = new Set(calls.map(({ kind }) => kind.model));
  const full = (await Promise.all([...models].map((model) => stack.stored.inExperiment(`gateway/${model}`)))).flat();
  expect(full.every(({ sealed }) => sealed)).toBe(true);
  expect(new Set(full.map(({ traceId }) => traceId)).size).toBe(full.length);
  expect(new Set(full.map(({ traceId }) => traceId))).toEqual(new Set(mirrored));
  expect(mirrored.length).toBe(full.length);
  return entries;
}

async function entryOf(stack: Stack, call: EndedCall): Promise<LedgerEntry> {
  const agent = await stack.stored.find(call.caller.traceId);
  if (agent === undefined) return { call, traceNames: [], errorType: undefined };
  const spans = spansOf(agent);
  expect(agent.mirrorSpanIds).toHaveLength(spans.length);
  const gateways = spans.filter(({ parentSpanId }) => parentSpanId.toString("hex") === call.caller.spanId);
  expect(gateways).toHaveLength(1);
  const [gateway] = gateways;
  const traceNames = agent.info?.linkedTraceIds ?? [];
  expect(traceNames).toHaveLength(1);
  const full = await stack.stored.find(traceNames[0] ?? "");
  if (gateway === undefined || full === undefined) throw new Error(`the link of ${call.caller.traceId} leads nowhere`);
  const [root] = spansOf(full);
  expect(full.info?.linkedTraceIds).toEqual([agent.info?.traceId]);
  expect(root?.links.map(({ spanId }) => spanId.toString("hex"))).toEqual([gateway.spanId.toString("hex")]);
  expect(gateway.links.map(({ spanId }) => spanId.toString("hex"))).toEqual([root?.spanId.toString("hex")]);
  expect(spansOf(full).map(({ startTimeUnixNano, endTimeUnixNano }) => [startTimeUnixNano, endTimeUnixNano])).toEqual(
    spans.map(({ startTimeUnixNano, endTimeUnixNano }) => [startTimeUnixNano, endTimeUnixNano]),
  );
  const word = attributeOf(gateway, "error.type");
  expect(root === undefined ? undefined : attributeOf(root, "error.type")).toBe(word);
  return { call, traceNames, errorType: word === undefined ? undefined : String(word) };
}
