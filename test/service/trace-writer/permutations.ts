import fc from "fast-check";
import { expect, test } from "vitest";
import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { idsOf, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { claimTrace, searchTraces, textOf, writeRecords, writeSpans } from "./writing.ts";

/** One thing that arrives. */
export type Arrival =
  | { readonly kind: "record"; readonly record: InvocationRecord }
  | { readonly kind: "span"; readonly experiment: string; readonly span: Span }
  | { readonly kind: "claim"; readonly experiment: string; readonly claim: Partial<TraceClaim> };

const RECORDS = [1, 2, 3] as const;
const AGENT_TRACES = [traceId(0xa1), traceId(0xa2)] as const;
const TRACES = [...AGENT_TRACES, ...RECORDS.map((n) => idsOf(n).full)];
const SPANS = [...[1, 2, 3, 4].map(spanId), ...RECORDS.flatMap((n) => [idsOf(n).mirror, idsOf(n).mirrorAttempt(0)])];
/** Each is answered by another index. */
const FILTERS = ["session = 's1'", "model = 'echo-1'", "status = 'ERROR'", "name = 'x' OR endpoint = 'demo'"] as const;
const EXPERIMENTS = ["a", "b", "c"] as const;

/** A call of a model with so many tokens, or an agent that says the sum of its calls', in the words of conventions. */
const WORDS = [
  (tokens: number) => ({ "gen_ai.usage.input_tokens": tokens, "gen_ai.request.model": "echo-1" }),
  (tokens: number) => ({
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.usage.inputTokens": tokens,
    "ai.model.id": "echo-1",
  }),
  (tokens: number) => ({
    "openinference.span.kind": "LLM",
    "llm.token_count.prompt": tokens,
    "llm.model_name": "echo-1",
  }),
  (tokens: number) => ({ "gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": tokens }),
] as const;

/** An agent's span: few ids, few times, few experiments, so that they collide in every way; some in full traces. */
const agentSpan: fc.Arbitrary<Arrival> = fc
  .record({
    trace: fc.constantFrom(...TRACES, ...AGENT_TRACES, ...AGENT_TRACES),
    span: fc.constantFrom(...SPANS),
    parent: fc.option(fc.constantFrom(...SPANS), { nil: undefined }),
    start: fc.integer({ min: 0, max: 30 }),
    length: fc.integer({ min: 0, max: 100 }),
    name: fc.constantFrom("x", "y"),
    experiment: fc.constantFrom(...EXPERIMENTS),
    tokens: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    words: fc.constantFrom(...WORDS),
    call: fc.constantFrom(...RECORDS, undefined),
    session: fc.constantFrom("s1", "s2", undefined),
  })
  .map(({ trace, parent, start, length, name, experiment, tokens, words, call, session, ...ids }) => ({
    kind: "span",
    experiment,
    span: span({
      trace,
      span: ids.span,
      ...(parent === undefined || parent === ids.span ? {} : { parent }),
      start,
      end: start + length,
      name,
      attributes: {
        ...(tokens === undefined ? {} : words(tokens)),
        ...(call === undefined ? {} : { "gen_ai.response.id": idsOf(call).responseId }),
        ...(session === undefined ? {} : { "session.id": session }),
      },
    }),
  }));

/** An agent's spans, some of them twice under one id: with another name, or named with another experiment. */
const agentSpans = fc
  .array(
    fc.tuple(
      agentSpan,
      fc.option(fc.record({ name: fc.constantFrom("x", "z"), experiment: fc.constantFrom(...EXPERIMENTS) })),
    ),
    { maxLength: 8 },
  )
  .map((pairs) =>
    pairs.flatMap(([arrival, clash]): readonly Arrival[] => {
      if (clash === null || arrival.kind !== "span") return [arrival];
      const clashing = { ...arrival, experiment: clash.experiment, span: { ...arrival.span, name: clash.name } };
      return [arrival, clashing];
    }),
  );

/** What agents say of traces as a whole: several claims of one trace, some of full traces. */
const claims: fc.Arbitrary<readonly Arrival[]> = fc.array(
  fc
    .record({
      trace: fc.constantFrom(...TRACES, ...AGENT_TRACES),
      experiment: fc.constantFrom(...EXPERIMENTS),
      start: fc.integer({ min: 0, max: 30 }),
      length: fc.integer({ min: 0, max: 30 }),
      state: fc.constantFrom(
        TraceState.TRACE_STATE_OK,
        TraceState.TRACE_STATE_ERROR,
        TraceState.TRACE_STATE_IN_PROGRESS,
      ),
      preview: fc.constantFrom("", "said"),
      tags: fc.dictionary(fc.constantFrom("mlflow.traceName", "stage"), fc.constantFrom("1", "2")),
      metadata: fc.dictionary(fc.constantFrom("mlflow.trace.session", "run"), fc.constantFrom("1", "2")),
    })
    .map(({ trace, experiment, start, length, preview, ...said }): Arrival => {
      const times = { startTimeUnixNano: T0 + BigInt(start), durationNanos: BigInt(length) };
      return { kind: "claim", experiment, claim: { traceId: trace, requestPreview: preview, ...times, ...said } };
    }),
  { maxLength: 4 },
);

/** A record of each number, whose caller is an agent's trace, another record's full trace, or nobody. */
const records: fc.Arbitrary<readonly Arrival[]> = fc.tuple(
  ...RECORDS.map((n) =>
    fc
      .record({
        trace: fc.option(fc.constantFrom(...TRACES.filter((trace) => trace !== idsOf(n).full)), { nil: undefined }),
        parent: fc.constantFrom(spanId(1), spanId(2)),
        start: fc.integer({ min: 0, max: 30 }),
        experiment: fc.option(fc.constantFrom(...EXPERIMENTS), { nil: undefined }),
      })
      .map(({ trace, parent, start, experiment }): Arrival => {
        const asked = experiment && ({ experiment: { ref: { $case: "name", value: experiment } } } as const);
        const caller = trace === undefined ? undefined : { trace, span: parent, ...asked };
        return { kind: "record", record: record({ n, start, ...(caller === undefined ? {} : { caller }) }) };
      }),
  ),
);

/** Arrivals that collide in every way: agents' spans, records and claims. */
export const arbitraryArrivals: fc.Arbitrary<readonly Arrival[]> = fc
  .tuple(agentSpans, records, claims)
  .map(([spans, written, claimed]) => [...spans, ...written, ...claimed]);

/** The same arrivals twice: as they are, one by one; and in any order, some again, in any batches. */
const twoWays = arbitraryArrivals.chain((arrivals) =>
  fc.record({
    plain: fc.constant(arrivals),
    shuffled: fc
      .array(fc.nat({ max: arrivals.length - 1 }), { maxLength: 6 })
      .chain((again) =>
        fc.shuffledSubarray([...arrivals.keys(), ...again], { minLength: arrivals.length + again.length }),
      )
      .map((order) => order.flatMap((index) => arrivals[index] ?? [])),
    cuts: fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
  }),
);

/** Invariant 6: order, repetition and batching of arrivals change no read. Each run has a workspace of its own. */
export function describePermutations(store: () => TraceStore, effort: number): void {
  test("any order, repetition and batching of arrivals gives the same answer to every read", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(twoWays, async ({ plain, shuffled, cuts }) => {
        run += 1;
        const [one, other] = [`run-${run}-plain`, `run-${run}-shuffled`];
        for (const arrival of plain) await arrive(store(), [arrival], one);
        const inFlight: Promise<void>[] = [];
        for (const batch of batchesOf(shuffled, cuts)) {
          inFlight.push(arrive(store(), batch, other));
          if (inFlight.length === 2) await Promise.all(inFlight.splice(0));
        }
        await Promise.all(inFlight);
        expect(await everyRead(store(), other)).toEqual(await everyRead(store(), one));
      }),
      { numRuns: Math.ceil(100 * effort) },
    );
  }, 240_000);
}

function batchesOf(arrivals: readonly Arrival[], cuts: readonly boolean[]): readonly (readonly Arrival[])[] {
  const batches: Arrival[][] = [[]];
  for (const [index, arrival] of arrivals.entries()) {
    if (cuts[index] === true) batches.push([]);
    batches.at(-1)?.push(arrival);
  }
  return batches;
}

/** One request for the records, and one for the spans of each experiment. */
export async function arrive(store: TraceStore, arrivals: readonly Arrival[], workspace: string): Promise<void> {
  const written = arrivals.flatMap((arrival) => (arrival.kind === "record" ? arrival.record : []));
  const spans = arrivals.flatMap((arrival) => (arrival.kind === "span" ? arrival : []));
  const claimed = arrivals.flatMap((arrival) => (arrival.kind === "claim" ? arrival : []));
  const byExperiment = Map.groupBy(spans, ({ experiment }) => experiment);
  await Promise.all([
    ...claimed.map(({ experiment, claim }) => claimTrace(store, experiment, claim, workspace)),
    written.length === 0 ? undefined : writeRecords(store, written, workspace),
    ...Array.from(byExperiment, ([experiment, group]) =>
      writeSpans(
        store,
        experiment,
        group.map((arrival) => arrival.span),
        workspace,
      ),
    ),
  ]);
}

/** All that readers can be told, with experiments by name: their ids follow the order in which they were first named. */
async function everyRead(store: TraceStore, workspace: string): Promise<unknown> {
  const experiments = await store.listExperiments(workspace, 100, undefined);
  const names = new Map(experiments.map(({ id, name }) => [id, name]));
  const named = (info: { experimentId: string } | undefined) =>
    info && { ...info, experimentId: names.get(info.experimentId) ?? info.experimentId };
  const traces = await Promise.all(
    TRACES.flatMap((trace) =>
      [true, false].map(async (withPayload) => {
        const found = await store.getTrace(workspace, trace, withPayload);
        return found && { ...found, info: named(found.info) };
      }),
    ),
  );
  const scopes = experiments.map(({ id, name }) => ({ name, kind: "experiments", ids: [BigInt(id)] }) as const);
  const lists = await Promise.all(
    [...scopes, { name: "", kind: "pending" } as const].map(async (scope) => ({
      name: scope.name,
      traces: (await searchTraces(store, scope, { workspace })).map(named),
      found: await Promise.all(
        FILTERS.map(async (filter) =>
          (await searchTraces(store, scope, { workspace, filter })).map(({ traceId }) => traceId),
        ),
      ),
    })),
  );
  const sorted = lists.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return JSON.parse(textOf({ traces, lists: sorted, experiments: [...names.values()].toSorted() }));
}
