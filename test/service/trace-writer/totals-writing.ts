import fc from "fast-check";
import type { TotalsPoint, TotalsRequest } from "../../../services/trace-writer/core/totals/totals.ts";
import { HOUR_NS } from "../../../services/trace-writer/core/totals/totals-units.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { idsOf, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { claimTrace, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
const HOUR = Number(HOUR_NS);

/** Experiments by the order they were created in, from 1 on. */
const EXPERIMENTS = ["one", "two", "agents"] as const;
const DAY_BEGIN = T0 - (T0 % (24n * HOUR_NS));
const WITHIN = { fromNs: DAY_BEGIN, toNs: DAY_BEGIN + 96n * HOUR_NS, groupsMax: 20 };
const REQUESTS: readonly Omit<TotalsRequest, "experimentIds">[] = [
  { ...WITHIN, of: "billed", groupBy: "caller", bucketNs: 24n * HOUR_NS },
  { ...WITHIN, of: "billed", groupBy: "model", bucketNs: HOUR_NS },
  { ...WITHIN, of: "billed", groupBy: "experiment", bucketNs: 7n * HOUR_NS + 1n },
  { ...WITHIN, of: "usage", groupBy: undefined, bucketNs: 96n * HOUR_NS },
];

/** Answers what is asked of totals. */
export type AddUp = (request: TotalsRequest) => Promise<readonly TotalsPoint[]>;

/** What a store answers, or who is asked instead, to questions of several kinds over all experiments. */
export async function totalsOf(store: TraceStore, add: AddUp = (request) => store.totals("default", request, never)) {
  const experiments = await store.listExperiments("default", 100, undefined);
  const experimentIds = experiments.map(({ id }) => BigInt(id));
  const all: (readonly TotalsPoint[])[] = [];
  for (const asked of REQUESTS) all.push(await add({ ...asked, experimentIds }));
  return all;
}

/** Something that changes what totals come to. */
export const writing = fc.oneof(
  fc.record({
    kind: fc.constant("record" as const),
    n: fc.integer({ min: 1, max: 12 }),
    hour: fc.integer({ min: 0, max: 60 }),
    experiment: fc.constantFrom("one", "two"),
    caller: fc.constantFrom("curl", "shop"),
    attempts: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("span" as const),
    n: fc.integer({ min: 1, max: 4 }),
    hour: fc.integer({ min: 0, max: 60 }),
    id: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant("claim" as const),
    n: fc.integer({ min: 1, max: 4 }),
    to: fc.constantFrom("one", "agents"),
  }),
  fc.record({
    kind: fc.constant("delete" as const),
    experiment: fc.constantFrom(...EXPERIMENTS),
    n: fc.integer({ min: 1, max: 12 }),
  }),
);
export type Writing = typeof writing extends fc.Arbitrary<infer Each> ? Each : never;

/** Carries it out. */
export async function write(store: TraceStore, writing: Writing): Promise<void> {
  switch (writing.kind) {
    case "record": {
      const { n, hour, experiment, caller, attempts } = writing;
      const metadata = { "mlflow.gateway.caller": caller };
      await writeRecords(store, [record({ n, start: hour * HOUR, experiment, attempts, metadata })]);
      return;
    }
    case "span": {
      const { n, hour, id } = writing;
      const attributes = { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": n };
      const times = { start: hour * HOUR, end: hour * HOUR + 100 };
      await writeSpans(store, "agents", [span({ trace: traceId(n), span: spanId(id), ...times, attributes })]);
      return;
    }
    case "claim":
      await claimTrace(store, writing.to, { traceId: traceId(writing.n) });
      return;
    case "delete": {
      const found = await store.getExperiment("default", { $case: "name", value: writing.experiment });
      const traceIds = [idsOf(writing.n).full, traceId(writing.n)];
      if (found !== undefined)
        await store.deleteTraces("default", BigInt(found.id), { kind: "ids", traceIds }, 10, never);
    }
  }
}
