import { expect, test } from "vitest";
import type { TotalsRequest } from "../../../services/trace-writer/core/totals/totals.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { attributes, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { writeRecords, writeSpans } from "./writing.ts";

const WORKSPACE = "totals";
const never = new AbortController().signal;

/** What every store promises of totals: the attempts of full traces and nothing else are billed; agents' calls count once. */
export function describeTotals(store: () => TraceStore): void {
  let request: Promise<TotalsRequest> | undefined;
  /** Writes the samples once, and asks for all of them. */
  const samples = () => {
    request ??= writeSamples(store());
    return request;
  };
  const totals = async (asked: Partial<TotalsRequest>) =>
    (await store().totals(WORKSPACE, { ...(await samples()), ...asked }, never)).map((point) => ({
      at: point.startNs - T0,
      group: point.isOther ? "(other)" : point.group,
      requests: point.requests,
      errors: point.errors,
      tokens: point.usage?.totalTokens,
      nanoUsd: point.cost?.totalNanoUsd,
    }));

  test("billed is what the attempts of full traces came to, whatever agents sent", async () => {
    expect(await totals({})).toEqual([{ at: 0n, group: "", requests: 3, errors: 1, tokens: 60n, nanoUsd: 12_000n }]);
  });

  test("calls are told apart by time, experiment and caller; attempts by model and provider", async () => {
    expect(await totals({ bucketNs: 50n, groupBy: "experiment" })).toEqual([
      { at: 0n, group: "one", requests: 1, errors: 0, tokens: 15n, nanoUsd: 3000n },
      { at: 0n, group: "two", requests: 1, errors: 1, tokens: 30n, nanoUsd: 6000n },
      { at: 50n, group: "one", requests: 1, errors: 0, tokens: 15n, nanoUsd: 3000n },
    ]);
    const byCaller = [
      { at: 0n, group: "", requests: 1, errors: 0, tokens: 15n, nanoUsd: 3000n },
      { at: 0n, group: "curl", requests: 2, errors: 1, tokens: 45n, nanoUsd: 9000n },
    ];
    expect(await totals({ groupBy: "caller" })).toEqual(byCaller);
    expect(await totals({ groupBy: "caller", groupsMax: 1 })).toEqual([
      byCaller[1],
      { ...byCaller[0], group: "(other)" },
    ]);
    expect(await totals({ groupBy: "endpoint" })).toMatchObject([{ group: "demo", requests: 3 }]);
    expect(await totals({ groupBy: "model" })).toMatchObject([
      { group: "echo-1", requests: 4, errors: 0, tokens: 60n },
    ]);
  });

  test("a time begins with its first nanosecond and ends before its last", async () => {
    expect(await totals({ fromNs: T0 + 1n })).toMatchObject([{ requests: 2 }]);
    expect(await totals({ toNs: T0 + 60n })).toMatchObject([{ requests: 2 }]);
    expect(await totals({ fromNs: T0 + 61n })).toEqual([]);
  });

  test("an agent's trace counts its mirror and its own call once each", async () => {
    expect(await totals({ of: "usage", groupBy: "experiment" })).toEqual([
      { at: 0n, group: "agents", requests: 1, errors: 0, tokens: 22n, nanoUsd: 3000n },
    ]);
  });

  test("how long calls took, and how long their first token", async () => {
    const [point] = await store().totals(WORKSPACE, await samples(), never);
    expect(point?.latency).toMatchObject({ count: 3, max: 100n });
    expect(Number(point?.latency?.p99)).toBeGreaterThanOrEqual(99);
    // An attempt that begins 1 ns after its call, and has its first token after 40 ns.
    expect(point?.firstToken).toMatchObject({ count: 1, max: 41n });
  });

  test("who gave up is not answered, and leaves the store as it was", async () => {
    const gone = AbortSignal.abort(new Error("gave up"));
    await expect(store().totals(WORKSPACE, await samples(), gone)).rejects.toThrow("gave up");
    expect(await totals({})).toHaveLength(1);
  });
}

/** Three calls: at 0 and 60 in "one", at 10 in "two", which failed after two attempts; and the agent behind the first. */
async function writeSamples(store: TraceStore): Promise<TotalsRequest> {
  const curl = { "mlflow.gateway.caller": "curl" };
  const streamed = record({ n: 0x61, experiment: "one", start: 0, caller: { trace: traceId(0x61), span: spanId(1) } });
  const failed = record({ n: 0x62, experiment: "two", start: 10, attempts: 2, metadata: curl });
  const [, attempt] = streamed.full?.resourceSpans?.scopeSpans[0]?.spans ?? [];
  attempt?.attributes.push(...attributes({ "gen_ai.response.time_to_first_chunk": 40e-9 }));
  const [root] = failed.full?.resourceSpans?.scopeSpans[0]?.spans ?? [];
  if (root !== undefined) root.status = { code: 2, message: "" };
  await writeRecords(
    store,
    [streamed, failed, record({ n: 0x63, experiment: "one", start: 60, metadata: curl })],
    WORKSPACE,
  );
  const direct = { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4 };
  await writeSpans(
    store,
    "agents",
    [
      span({ trace: traceId(0x61), span: spanId(1) }),
      span({ trace: traceId(0x61), span: spanId(2), parent: spanId(1), attributes: direct }),
    ],
    WORKSPACE,
  );
  const experiments = await store.listExperiments(WORKSPACE, 100, undefined);
  return {
    experimentIds: experiments.map(({ id }) => BigInt(id)),
    fromNs: T0,
    toNs: T0 + 1000n,
    bucketNs: 1000n,
    of: "billed",
    groupBy: undefined,
    groupsMax: 20,
  };
}
