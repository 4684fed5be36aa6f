import { expect, test } from "vitest";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";
import type { TraceScope } from "../../../services/trace-writer/store/trace-reads.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { record, span, spanId, traceId } from "./sample-traces.ts";
import { writeRecords, writeSpans } from "./writing.ts";

/** What every store promises to who follows it: each trace that appears, changes or comes in, once and as it is now. */
export function describeChanges(store: () => TraceStore): void {
  let next = 0xd00;
  const fresh = () => next++;
  const experiment = async (name: string): Promise<TraceScope> => {
    await writeSpans(store(), name, [span({ trace: traceId(fresh()), span: spanId(1) })]);
    const found = await store().getExperiment("default", { $case: "name", value: name });
    return { kind: "experiments", ids: [BigInt(found?.id ?? -1)] };
  };
  /** Follows from now on: every call gives what has changed since the last. */
  const follow = async (scope: TraceScope, filter = "", limit = 100) => {
    const search = { scope, filter: parseFilter(filter) };
    let position = (await store().changes("default", search, undefined, limit))?.position;
    return async () => {
      const told: string[] = [];
      for (;;) {
        const page = await store().changes("default", search, position, limit);
        if (page === undefined) throw new Error("the store does not know its own position");
        position = page.position;
        told.push(...page.traces.map((info) => `${info.traceId} ${info.spanCount}`));
        if (page.isEnd) return told;
      }
    };
  };

  test("who follows is told of what appears and changes from then on, once for each change", async () => {
    const scope = await experiment("followed");
    const changes = await follow(scope, "", 2);
    expect(await changes()).toEqual([]);
    const traces = Array.from({ length: 5 }, () => traceId(fresh()));
    await writeSpans(
      store(),
      "followed",
      traces.map((trace) => span({ trace, span: spanId(1) })),
    );
    await writeSpans(store(), "elsewhere", [span({ trace: traceId(fresh()), span: spanId(1) })]);
    expect((await changes()).toSorted()).toEqual(traces.map((trace) => `tr-${trace} 1`).toSorted());
    expect(await changes()).toEqual([]);
    const [first = ""] = traces;
    await writeSpans(store(), "followed", [span({ trace: first, span: spanId(2), parent: spanId(1) })]);
    await writeSpans(store(), "followed", [span({ trace: first, span: spanId(3), parent: spanId(1) })]);
    expect(await changes()).toEqual([`tr-${first} 3`]);
  });

  test("who follows an experiment is told of a trace that comes in late, and only of what passes the filter", async () => {
    const scope = await experiment("adopting");
    const [all, failed, pending] = [
      await follow(scope),
      await follow(scope, "status = 'ERROR'"),
      await follow({ kind: "pending" }),
    ];
    const n = fresh();
    const trace = traceId(n);
    await writeRecords(store(), [record({ n, caller: { trace, span: spanId(1) } })]);
    expect([await all(), await pending()]).toEqual([[], [`tr-${trace} 2`]]);
    await writeSpans(store(), "adopting", [span({ trace, span: spanId(1), end: 500 })]);
    expect([await all(), await failed(), await pending()]).toEqual([[`tr-${trace} 3`], [], []]);
  });

  test("what is no position of the store is told as that", async () => {
    const search = { scope: { kind: "pending" }, filter: undefined } as const;
    expect(await store().changes("default", search, "nonsense", 10)).toBeUndefined();
  });
}
