import { expect, test } from "vitest";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { CANARY, idsOf, payload, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { claimTrace, searchTraces, spansOf, textOf, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;

/** What every store promises of claims, tags and deletions. */
export function describeEdits(store: () => TraceStore): void {
  let next = 0x900;
  const fresh = () => next++;
  const read = (trace: string) => store().getTrace("default", trace, true);
  const infoOf = async (trace: string) => (await read(trace))?.info;
  const experimentNamed = (name: string) => store().getExperiment("default", { $case: "name", value: name });
  const idOf = async (name: string) => BigInt((await experimentNamed(name))?.id ?? -1);
  const edit = (trace: string, edits: Readonly<Record<string, string | null>>) =>
    store().editTags("default", trace, edits, never);
  const remove = async (experiment: string, which: Parameters<TraceStore["deleteTraces"]>[2], limit = 100) =>
    store().deleteTraces("default", await idOf(experiment), which, limit, never);

  test("a claim alone is a trace: in its experiment, with what it says, and without spans", async () => {
    const trace = traceId(fresh());
    const said = { durationNanos: 50n, clientRequestId: "mine", requestPreview: "in", metadata: { m: "1" } };
    const tags = { "mlflow.traceName": "claimed", stage: "draft", "mlflow.trace.spansLocation": "ARTIFACT_REPO" };
    const state = TraceState.TRACE_STATE_OK;
    expect(await claimTrace(store(), "claims", { traceId: trace, state, tags, ...said })).toBe("stored");
    const found = await read(trace);
    expect(found?.info).toMatchObject({
      experimentId: (await experimentNamed("claims"))?.id,
      state,
      name: "claimed",
      startTimeUnixNano: T0,
      durationNanos: 50n,
      spanCount: 0,
      requestPreview: "in",
      clientRequestId: "mine",
      metadata: { m: "1", "mlflow.trace_schema.version": "3" },
      tags: { "mlflow.traceName": "claimed", stage: "draft", "mlflow.trace.spansLocation": "TRACKING_STORE" },
    });
    expect(spansOf(found)).toEqual([]);
    const scope = { kind: "experiments", ids: [await idOf("claims")] } as const;
    expect(await searchTraces(store(), scope)).toEqual([found?.info]);
    expect(await store().getTraceInfos("default", [traceId(0xdead), trace])).toEqual([found?.info]);
  });

  test("a claim owns the trace, above what its spans and its mirror's request named, and names its state", async () => {
    const n = fresh();
    const trace = traceId(n);
    const experiment = { ref: { $case: "name", value: "asked" } } as const;
    await writeRecords(store(), [record({ n, caller: { trace, span: spanId(1), experiment } })]);
    await writeSpans(store(), "root's", [span({ trace, span: spanId(1), end: 300, name: "root" })]);
    await claimTrace(store(), "claim's", { traceId: trace, state: TraceState.TRACE_STATE_ERROR, durationNanos: 9n });
    expect(await infoOf(trace)).toMatchObject({
      experimentId: (await experimentNamed("claim's"))?.id,
      state: TraceState.TRACE_STATE_ERROR,
      name: "root",
      startTimeUnixNano: T0,
      durationNanos: 300n,
      spanCount: 3,
    });
  });

  test("totals are the store's to say, whatever is claimed", async () => {
    const trace = traceId(fresh());
    const metadata = { "mlflow.trace.tokenUsage": '{"total_tokens":9}', "mlflow.trace_schema.version": "2" };
    await claimTrace(store(), "claims", { traceId: trace, metadata });
    expect((await infoOf(trace))?.metadata).toEqual({ "mlflow.trace_schema.version": "3" });
  });

  test("a claim under an experiment's id that does not exist stores nothing", async () => {
    const trace = traceId(fresh());
    const unknown = { $case: "id", value: "987654" } as const;
    expect(await claimTrace(store(), unknown, { traceId: trace })).toBe("experiment_not_found");
    expect(await read(trace)).toBeUndefined();
  });

  test("a sealed trace takes no claim and loses the one it had, but keeps its tags and takes more", async () => {
    const n = fresh();
    const { full } = idsOf(n);
    const claim = { traceId: full, requestPreview: "forged", tags: { forged: "1" } };
    await claimTrace(store(), "intruder", claim);
    await edit(full, { early: "1" });
    await writeRecords(store(), [record({ n })]);
    const sealed = await infoOf(full);
    expect(sealed).toMatchObject({ sealed: true, tags: { early: "1" } });
    expect(sealed?.requestPreview).not.toBe("forged");
    expect(sealed?.tags).not.toHaveProperty("forged");
    expect(await claimTrace(store(), "intruder", claim)).toBe("sealed_trace");
    expect(await infoOf(full)).toEqual(sealed);
    expect(await edit(full, { late: "2", early: null })).toBe("edited");
    expect((await infoOf(full))?.tags).toEqual({
      "mlflow.traceName": "gateway/demo",
      "mlflow.trace.spansLocation": "TRACKING_STORE",
      late: "2",
    });
  });

  test("edits of tags rank above the claim, whenever it comes, and the last one counts", async () => {
    const trace = traceId(fresh());
    const tags = { "mlflow.traceName": "claimed", a: "claimed", b: "claimed" };
    await writeSpans(store(), "tags", [span({ trace, span: spanId(1), name: "root" })]);
    await edit(trace, { a: "first", b: null });
    await claimTrace(store(), "tags", { traceId: trace, tags });
    expect(await infoOf(trace)).toMatchObject({ name: "claimed", tags: { a: "first" } });
    expect((await infoOf(trace))?.tags).not.toHaveProperty("b");
    await edit(trace, { a: "second", b: "back", "mlflow.traceName": "renamed" });
    await claimTrace(store(), "tags", { traceId: trace, tags, durationNanos: 5n });
    expect(await infoOf(trace)).toMatchObject({ name: "renamed", tags: { a: "second", b: "back" } });
  });

  test("a trace that is not there has no tags, and one trace has only so many that were edited", async () => {
    const trace = traceId(fresh());
    expect(await edit(trace, { a: "1" })).toBe("trace_not_found");
    await claimTrace(store(), "tags", { traceId: trace });
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`tag ${index}`, "1"]));
    expect(await edit(trace, many)).toBe("edited");
    const before = await infoOf(trace);
    expect(await edit(trace, { "one more": "1" })).toBe("too_many_tags");
    expect(await infoOf(trace)).toEqual(before);
  });

  test("a deleted trace is gone with all that belongs to it, and its twin no longer links to it", async () => {
    const [n, other] = [fresh(), fresh()];
    for (const number of [n, other]) {
      const payloads = [payload(idsOf(number).root)];
      await writeRecords(store(), [
        record({ n: number, payloads, caller: { trace: traceId(number), span: spanId(1) } }),
      ]);
      await writeSpans(store(), "agents", [span({ trace: traceId(number), span: spanId(1) })]);
    }
    const owner = (await infoOf(idsOf(n).full))?.experimentId ?? "";
    const gateway = { kind: "ids", traceIds: [idsOf(n).full, traceId(n), traceId(0xdead)] } as const;
    const outcome = await store().deleteTraces("default", BigInt(owner), gateway, 100, never);
    expect(outcome).toEqual({ kind: "deleted", traces: 1, isMore: false });
    expect(await read(idsOf(n).full)).toBeUndefined();
    const scope = { kind: "experiments", ids: [BigInt(owner)] } as const;
    const listed = (await searchTraces(store(), scope, { filter: "endpoint = 'demo'" })).map(({ traceId: id }) => id);
    expect(listed).toContain(`tr-${idsOf(other).full}`);
    expect(listed).not.toContain(`tr-${idsOf(n).full}`);
    expect((await infoOf(traceId(n)))?.linkedTraceIds).toEqual([]);
    expect(await remove("agents", { kind: "ids", traceIds: [traceId(other)] })).toEqual({
      kind: "deleted",
      traces: 1,
      isMore: false,
    });
    expect((await infoOf(idsOf(other).full))?.linkedTraceIds).toEqual([]);
    expect(spansOf(await read(idsOf(other).full))[0]?.links).toEqual([]);
    // What is written afterwards is a new trace, with nothing of the old one in it.
    await writeRecords(store(), [record({ n, payloads: [] })]);
    expect(textOf(await read(idsOf(n).full))).not.toContain(CANARY);
    await writeSpans(store(), "agents", [span({ trace: traceId(other), span: spanId(7) })]);
    expect((await infoOf(traceId(other)))?.spanCount).toBe(1);
  });

  test("by time the oldest traces are deleted first, no more than asked, and it is told when none is left", async () => {
    const traces = [1, 2, 3, 4].map((start) => ({ start, trace: traceId(fresh()) }));
    for (const { start, trace } of traces) await writeSpans(store(), "old", [span({ trace, span: spanId(1), start })]);
    const until = { kind: "until", startNsMax: T0 + 3n } as const;
    expect(await remove("old", until, 2)).toEqual({ kind: "deleted", traces: 2, isMore: true });
    const left = async () =>
      (
        await store().getTraceInfos(
          "default",
          traces.map(({ trace }) => trace),
        )
      ).map(({ startTimeUnixNano }) => startTimeUnixNano - T0);
    expect(await left()).toEqual([3n, 4n]);
    expect(await remove("old", until, 2)).toEqual({ kind: "deleted", traces: 1, isMore: false });
    expect(await left()).toEqual([4n]);
    const nowhere = await store().deleteTraces("other", await idOf("old"), until, 2, never);
    expect(nowhere).toEqual({ kind: "experiment_not_found" });
  });
}
