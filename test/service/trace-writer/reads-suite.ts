import { expect, test } from "vitest";
import type { TraceKey } from "../../../services/trace-writer/core/search/page-token.ts";
import { NEWEST_FIRST } from "../../../services/trace-writer/core/search/trace-order.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { idsOf, record, span, spanId, traceId } from "./sample-traces.ts";
import { searchTraces, writeRecords, writeSpans } from "./writing.ts";

/** What every store promises its readers: workspaces apart, pages that neither repeat nor hide, whole records. */
export function describeReads(store: () => TraceStore): void {
  let next = 0x700;
  const fresh = () => next++;

  test("workspaces do not see each other's traces and experiments", async () => {
    const trace = traceId(fresh());
    await writeSpans(store(), "mine", [span({ trace, span: spanId(1) })], "other");
    expect(await store().getTrace("default", trace, true)).toBeUndefined();
    const mine = await store().getExperiment("other", { $case: "name", value: "mine" });
    const scope = { kind: "experiments", ids: [BigInt(mine?.id ?? -1)] } as const;
    expect(await searchTraces(store(), scope, { workspace: "other" })).toHaveLength(1);
    expect(await searchTraces(store(), scope)).toEqual([]);
    expect(await store().getExperiment("default", { $case: "name", value: "mine" })).toBeUndefined();
  });

  test("a record's halves are in the workspaces that they name, under whatever ids there are in the other", async () => {
    const [n, other] = [fresh(), fresh()];
    const ids = idsOf(n);
    // The caller's context names a full trace of the endpoint's workspace, which is none in the caller's own.
    await writeRecords(store(), [record({ n: other, workspace: "team" })]);
    const taken = idsOf(other).full;
    const caller = { trace: taken, span: spanId(1), workspace: "agents" };
    const outcomes = await writeRecords(store(), [record({ n, workspace: "team", caller })]);
    expect(outcomes).toEqual([{ outcome: "stored", mirror: "stored" }]);
    expect(await writeRecords(store(), [record({ n, workspace: "team", caller })])).toEqual([
      { outcome: "already_stored", mirror: "stored" },
    ]);
    const infoOf = async (workspace: string, trace: string) => (await store().getTrace(workspace, trace, true))?.info;
    expect(await infoOf("team", ids.full)).toMatchObject({ sealed: true, linkedTraceIds: [`tr-${taken}`] });
    expect(await infoOf("agents", taken)).toMatchObject({
      sealed: false,
      linkedTraceIds: [`tr-${ids.full}`],
      spanCount: 2,
    });
    expect(await infoOf("team", taken)).toMatchObject({ sealed: true, linkedTraceIds: [] });
    expect(await infoOf("agents", ids.full)).toBeUndefined();
    expect((await store().listTwins("team", ids.full, 10, undefined))?.traces).toEqual([]);
    expect((await store().listTwins("agents", taken, 10, undefined))?.traces).toEqual([]);
  });

  test("paging neither repeats nor hides a trace while others arrive", async () => {
    const traces = Array.from({ length: 25 }, () => traceId(fresh()));
    await writeSpans(
      store(),
      "paged",
      traces.map((trace, index) => span({ trace, span: spanId(1), start: 1000 + Math.floor(index / 3), end: 5000 })),
    );
    const id = BigInt((await store().getExperiment("default", { $case: "name", value: "paged" }))?.id ?? -1);
    const search = { scope: { kind: "experiments", ids: [id] }, filter: undefined, order: NEWEST_FIRST } as const;
    const seen: string[] = [];
    let after: TraceKey | undefined;
    do {
      const page = await store().searchTraces("default", search, 4, after);
      seen.push(...page.traces.map((info) => info.traceId.slice(3)));
      after = page.next;
      await writeSpans(store(), "paged", [span({ trace: traceId(fresh()), span: spanId(1), start: 3000, end: 5000 })]);
    } while (after !== undefined);
    expect(seen).toHaveLength(traces.length);
    expect(new Set(seen)).toEqual(new Set(traces));
    const starts = traces.map((trace, index) => ({ trace, start: Math.floor(index / 3) }));
    const expected = starts.toSorted((a, b) => b.start - a.start || (a.trace < b.trace ? -1 : 1));
    expect(seen).toEqual(expected.map(({ trace }) => trace));
  });

  test("a reader who sees one half of a record sees the other", async () => {
    const numbers = Array.from({ length: 60 }, fresh);
    let writing = true;
    const writes = Promise.all(
      numbers.map((n) => writeRecords(store(), [record({ n, caller: { trace: traceId(n), span: spanId(1) } })])),
    ).finally(() => {
      writing = false;
    });
    do {
      for (const n of numbers) {
        const [first, second] = n % 2 === 0 ? [idsOf(n).full, traceId(n)] : [traceId(n), idsOf(n).full];
        if ((await store().getTrace("default", first, true)) !== undefined)
          expect(await store().getTrace("default", second, true)).toBeDefined();
      }
      await new Promise(setImmediate);
    } while (writing);
    await writes;
    for (const n of numbers)
      expect((await store().getTrace("default", traceId(n), true))?.info?.linkedTraceIds).toHaveLength(1);
  });

  test("the other twins of a trace are listed by the time of their calls, page by page", async () => {
    const [agent, ...numbers] = Array.from({ length: 6 }, fresh);
    const trace = traceId(agent ?? 0);
    const starts = [30, 10, 20, 10, 40];
    const records = numbers.map((n, index) =>
      record({ n, start: starts[index] ?? 0, caller: { trace, span: spanId(1) } }),
    );
    await writeRecords(store(), records);
    const seen: string[] = [];
    let after: TraceKey | undefined;
    do {
      const page = await store().listTwins("default", trace, 2, after);
      seen.push(...(page?.traces ?? []).map((info) => info.traceId));
      after = page?.next;
    } while (after !== undefined);
    const byTime = [1, 3, 2, 0, 4].map((index) => `tr-${idsOf(numbers[index] ?? 0).full}`);
    expect(seen).toEqual(byTime);
    const back = await store().listTwins("default", idsOf(numbers[0] ?? 0).full, 2, undefined);
    expect(back?.traces.map((info) => info.traceId)).toEqual([`tr-${trace}`]);
    expect(back?.next).toBeUndefined();
    expect(await store().listTwins("other", trace, 2, undefined)).toBeUndefined();
    const alone = traceId(fresh());
    await writeSpans(store(), "alone", [span({ trace: alone, span: spanId(1) })]);
    expect(await store().listTwins("default", alone, 2, undefined)).toEqual({ traces: [], next: undefined });
  });
}
