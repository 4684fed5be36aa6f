import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { KeptTraces } from "../../../services/trace-writer/core/retention/retention.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { idsOf, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { claimTrace, searchTraces, spansOf, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
const NEWEST_FIRST = { by: "start", descending: true } as const;

/** What every store promises of sizes, and of what is not to be kept. */
export function describeRetention(store: () => TraceStore): void {
  let next = 0xa00;
  const fresh = () => next++;
  const experimentNamed = (name: string) => store().getExperiment("default", { $case: "name", value: name });
  const idOf = async (name: string) => BigInt((await experimentNamed(name))?.id ?? -1);
  const scopeOf = async (name: string) => ({ kind: "experiments", ids: [await idOf(name)] }) as const;
  const startsIn = async (name: string) =>
    (await searchTraces(store(), await scopeOf(name))).map(({ startTimeUnixNano }) => Number(startTimeUnixNano - T0));
  const trim = async (name: string, kept: KeptTraces, limit = 100) =>
    store().trimTraces("default", await idOf(name), kept, limit, never);
  const writeTraces = async (name: string, starts: readonly number[]) => {
    const traces = starts.map((start) => ({ start, trace: traceId(fresh()) }));
    for (const { start, trace } of traces) await writeSpans(store(), name, [span({ trace, span: spanId(1), start })]);
    return traces.map(({ trace }) => trace);
  };

  test("the oldest traces go by age, then by number, no more at once than asked, and it is said why", async () => {
    await writeTraces("trimmed", [5, 1, 3, 2, 4]);
    await writeTraces("beside", [1]);
    expect(await trim("trimmed", {})).toEqual([]);
    expect(await trim("trimmed", { startNsMin: T0 + 2n, tracesMax: 2 })).toEqual(["age", "count", "count"]);
    expect(await startsIn("trimmed")).toEqual([5, 4]);
    expect(await trim("trimmed", { startNsMin: T0 + 10n }, 1)).toEqual(["age"]);
    expect(await trim("trimmed", { startNsMin: T0 + 10n }, 1)).toEqual(["age"]);
    expect(await trim("trimmed", { startNsMin: T0 + 10n }, 1)).toEqual([]);
    expect(await startsIn("beside")).toEqual([1]);
  });

  test("by bytes as many go as it takes", async () => {
    await writeTraces("bytes", [1, 2, 3, 4]);
    const { storedBytes = 0n } = (await experimentNamed("bytes")) ?? {};
    expect(storedBytes).toBeGreaterThan(0n);
    expect(await trim("bytes", { bytesMax: Number(storedBytes) })).toEqual([]);
    expect(await trim("bytes", { bytesMax: Number(storedBytes) / 2 })).toEqual(["bytes", "bytes"]);
    expect((await experimentNamed("bytes"))?.storedBytes).toBe(storedBytes / 2n);
    expect(await startsIn("bytes")).toEqual([4, 3]);
  });

  test("an experiment's size follows its traces: those that grow, change, move, come in and go", async () => {
    const sizeOf = async (name: string) => {
      const { traceCount, storedBytes } = (await experimentNamed(name)) ?? {};
      return { traces: traceCount, bytes: storedBytes };
    };
    const trace = traceId(fresh());
    const n = fresh();
    // Of random letters hardly anything is saved by compressing them.
    const filler = (length: number) => ({
      attributes: { filler: randomBytes(length).toString("base64").slice(0, length) },
    });
    // It begins without an owner, as a mirror.
    await writeRecords(store(), [record({ n, experiment: "sized", caller: { trace, span: spanId(1) } })]);
    const full = await sizeOf("sized");
    expect(full).toMatchObject({ traces: 1n });
    await writeSpans(store(), "grown", [span({ trace, span: spanId(1), ...filler(10) })]);
    const small = await sizeOf("grown");
    await writeSpans(store(), "grown", [span({ trace, span: spanId(1), end: 200, ...filler(300) })]);
    const replaced = await sizeOf("grown");
    expect(small.traces).toBe(1n);
    expect(replaced.traces).toBe(1n);
    expect((replaced.bytes ?? 0n) - (small.bytes ?? 0n)).toBeGreaterThan(150n);
    expect((replaced.bytes ?? 0n) - (small.bytes ?? 0n)).toBeLessThan(310n);
    await claimTrace(store(), "moved to", { traceId: trace });
    expect(await sizeOf("grown")).toEqual({ traces: 0n, bytes: 0n });
    expect(await sizeOf("moved to")).toEqual(replaced);
    expect(await trim("moved to", { startNsMin: T0 + 1000n })).toEqual(["age"]);
    expect(await sizeOf("moved to")).toEqual({ traces: 0n, bytes: 0n });
    // What an agent wrote under the id of a full trace is evicted, and counts no more.
    const other = fresh();
    await writeSpans(store(), "evicted", [span({ trace: idsOf(other).full, span: spanId(1), ...filler(300) })]);
    await writeRecords(store(), [record({ n: other, experiment: "sized" })]);
    expect(await sizeOf("evicted")).toEqual({ traces: 0n, bytes: 0n });
    expect((await sizeOf("sized")).traces).toBe(2n);
    expect(await trim("sized", { tracesMax: 1 })).toEqual(["count"]);
    expect(await trim("sized", { startNsMin: T0 + 1000n })).toEqual(["age"]);
    expect(await sizeOf("sized")).toEqual({ traces: 0n, bytes: 0n });
  });

  test("a twin that is not kept leaves the other, whose link reads as expired", async () => {
    const [n, other] = [fresh(), fresh()];
    const agent = traceId(n);
    const caller = (trace: string) => ({ trace, span: spanId(1) });
    await writeRecords(store(), [
      record({ n, start: 1, experiment: "twins", caller: caller(agent) }),
      record({ n: other, start: 2, experiment: "kept twins", caller: caller(agent) }),
    ]);
    await trim("twins", { startNsMin: T0 + 1000n });
    const mirrors = await store().getTrace("default", agent, true);
    expect(mirrors?.info?.linkedTraceIds).toEqual([`tr-${idsOf(other).full}`]);
    const links = spansOf(mirrors).flatMap((each) => each.links);
    const isExpired = links.map(({ traceId: linked, attributes }) => [
      linked.toString("hex"),
      attributes.some(({ key, value }) => key === "twinspan.link.expired" && value?.value?.value === true),
    ]);
    expect(isExpired).toEqual([
      [idsOf(n).full, true],
      [idsOf(other).full, false],
    ]);
  });

  test("whoever pages through an experiment meanwhile sees each trace that stays once", async () => {
    await writeTraces("paged while trimmed", [1, 2, 3, 4, 5, 6]);
    const search = { scope: await scopeOf("paged while trimmed"), filter: undefined, order: NEWEST_FIRST };
    const first = await store().searchTraces("default", search, 2, undefined);
    expect(await trim("paged while trimmed", { tracesMax: 3 })).toEqual(["count", "count", "count"]);
    const rest = await store().searchTraces("default", search, 10, first.next);
    const starts = [...first.traces, ...rest.traces].map(({ startTimeUnixNano }) => Number(startTimeUnixNano - T0));
    expect(starts).toEqual([6, 5, 4]);
    expect(rest.next).toBeUndefined();
  });

  test("of pending traces those go that are beyond what is kept of them", async () => {
    const [n, other] = [fresh(), fresh()];
    const caller = (number: number) => ({ trace: traceId(number), span: spanId(1) });
    const early = -1_000_000_000;
    await writeRecords(store(), [
      record({ n, start: early, caller: caller(n) }),
      record({ n: other, caller: caller(other) }),
    ]);
    const kept = { startNsMin: T0 + BigInt(early) + 1n };
    expect(await store().trimTraces("default", undefined, kept, 10, never)).toEqual(["age"]);
    expect(await store().getTrace("default", traceId(n), false)).toBeUndefined();
    expect(await store().getTrace("default", traceId(other), false)).toBeDefined();
    expect(await store().getTrace("default", idsOf(n).full, false)).toBeDefined();
  });
}
