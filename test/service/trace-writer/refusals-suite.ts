import { expect, test } from "vitest";
import { NEWEST_FIRST } from "../../../services/trace-writer/core/search/trace-order.ts";
import { spanBatchOf } from "../../../services/trace-writer/core/spans/span-batch.ts";
import { digest } from "../../../services/trace-writer/store/digest.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { record, resourceSpans, span, spanId, T0, traceId } from "./sample-traces.ts";
import { spansOf, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;

/** What every store promises of what it does not store: it says so, and nothing is left behind. */
export function describeRefusals(store: () => TraceStore): void {
  let next = 0xe00;
  const fresh = () => next++;
  const read = (trace: string) => store().getTrace("default", trace, true);

  test("an export to an experiment that does not exist stores nothing", async () => {
    const trace = traceId(fresh());
    const outcome = await writeSpans(store(), { $case: "id", value: "987654" }, [span({ trace, span: spanId(1) })]);
    expect(outcome).toEqual({ kind: "experiment_not_found" });
    expect(await read(trace)).toBeUndefined();
  });

  test("a trace that is full takes no more of agents' spans, but repetitions, replacements and mirrors", async () => {
    const n = fresh();
    const trace = traceId(n);
    const some = (from: number, to: number, end = 100) =>
      Array.from({ length: to - from }, (_, index) => span({ trace, span: spanId(from + index), end }));
    expect(await writeSpans(store(), "full", some(1, 41))).toEqual({ kind: "stored", rejected: new Map() });
    const beyond = { kind: "stored", rejected: new Map([["trace_full", 10]]) };
    expect(await writeSpans(store(), "full", some(21, 61))).toEqual(beyond);
    expect(await writeSpans(store(), "full", some(41, 61, 200))).toEqual(beyond);
    await writeRecords(store(), [record({ n, caller: { trace, span: spanId(1) } })]);
    const found = await read(trace);
    expect(found?.info?.spanCount).toBe(52);
    expect(spansOf(found).filter(({ endTimeUnixNano }) => endTimeUnixNano === T0 + 200n)).toHaveLength(10);
  });

  test("a write that can never be stored takes none with it that share its commit", async () => {
    const [first, broken, ...others] = Array.from({ length: 4 }, () => traceId(fresh()));
    const write = (trace = "", start?: bigint) => {
      const spans = [
        resourceSpans([{ ...span({ trace, span: spanId(1) }), ...(start && { startTimeUnixNano: start }) }]),
      ];
      return store().writeSpans(
        "default",
        { $case: "name", value: "shared" },
        [spanBatchOf(trace, spans, digest)],
        never,
      );
    };
    // All that come while the first is written share the next commit.
    const writes = [write(first), write(broken, 2n ** 63n), ...others.map((trace) => write(trace))];
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    for (const trace of others) expect(spansOf(await read(trace))).toHaveLength(1);
  });

  test("a write whose caller gave up before it was begun is not stored", async () => {
    const trace = traceId(fresh());
    const signal = AbortSignal.abort(new Error("gave up"));
    await expect(store().writeSpans("default", { $case: "id", value: "0" }, [], signal)).rejects.toThrow("gave up");
    expect(await read(trace)).toBeUndefined();
  });

  test("what is asked by somebody who has gone is not answered", async () => {
    const gone = AbortSignal.abort(new Error("gave up"));
    const search = { scope: { kind: "pending" }, filter: undefined, order: NEWEST_FIRST } as const;
    await expect(store().searchTraces("default", search, 10, undefined, gone)).rejects.toThrow("gave up");
    await expect(store().changes("default", search, undefined, 10, gone)).rejects.toThrow("gave up");
    expect((await store().changes("default", search, undefined, 10))?.isEnd).toBe(true);
  });
}
