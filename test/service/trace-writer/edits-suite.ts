import { expect, test } from "vitest";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type {
  ExperimentChange,
  ExperimentWrite,
  TraceStore,
} from "../../../services/trace-writer/store/trace-store.ts";
import { CANARY, idsOf, payload, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { claimTrace, searchTraces, spansOf, textOf, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;

/** What every store promises of claims, tags, deletions and experiments. */
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

  test("experiments are created once, and renamed to names that are free", async () => {
    const write = (asked: Parameters<TraceStore["writeExperiment"]>[1]) =>
      store().writeExperiment("default", asked, never);
    expect(await write({ kind: "create", name: "made" })).toMatchObject({ experiment: { name: "made" } });
    expect(await write({ kind: "create", name: "made" })).toEqual({ kind: "name_taken" });
    const id = await idOf("made");
    const trace = traceId(fresh());
    await writeSpans(store(), "made", [span({ trace, span: spanId(1) })]);
    expect(await write({ kind: "update", id, name: "Default" })).toEqual({ kind: "name_taken" });
    expect(await write({ kind: "update", id, name: "renamed" })).toMatchObject({ experiment: { id: `${id}` } });
    expect(await write({ kind: "update", id: 987654n, name: "nobody" })).toEqual({ kind: "experiment_not_found" });
    expect(await experimentNamed("made")).toBeUndefined();
    await writeSpans(store(), { $case: "id", value: `${id}` }, [span({ trace, span: spanId(2), parent: spanId(1) })]);
    expect(await infoOf(trace)).toMatchObject({ experimentId: `${id}`, spanCount: 2 });
  });

  test("an experiment's own limits stay with it by whatever name, until they are taken from it", async () => {
    const update = async (id: bigint, change: ExperimentChange) =>
      store().writeExperiment("default", { kind: "update", id, ...change }, never);
    await writeSpans(store(), "limited", [span({ trace: traceId(fresh()), span: spanId(1) })]);
    await writeSpans(store(), "free", [span({ trace: traceId(fresh()), span: spanId(1) })]);
    const id = await idOf("limited");
    const week = { ageDaysMax: 7.5, tracesMax: 10n ** 12n, bytesMax: 2n ** 50n };
    const limitsOf = async (name: string) => {
      const listed = await store().listLimits("default", 1000, undefined);
      const found = await experimentNamed(name);
      const all = await store().listExperiments("default", 1000, undefined);
      expect(all.find((experiment) => experiment.name === name)).toEqual(found);
      expect(listed.find((experiment) => experiment.name === name)).toEqual({
        id: BigInt(found?.id ?? -1),
        name,
        ownRetention: found?.ownRetention,
      });
      return found?.ownRetention;
    };
    expect(await limitsOf("limited")).toBeUndefined();
    expect(await update(id, { ownRetention: week })).toMatchObject({
      kind: "written",
      experiment: { id: `${id}`, name: "limited", ownRetention: week },
    });
    expect(await limitsOf("limited")).toEqual(week);
    expect(await limitsOf("free")).toBeUndefined();
    // Nothing of a change is done that cannot be done whole.
    const everything = { ageDaysMax: 0, tracesMax: 0n, bytesMax: 0n };
    expect(await update(id, { name: "free", ownRetention: everything })).toEqual({ kind: "name_taken" });
    expect(await limitsOf("limited")).toEqual(week);
    expect(await update(id, { name: "renamed, limited" })).toMatchObject({ experiment: { ownRetention: week } });
    expect(await limitsOf("renamed, limited")).toEqual(week);
    // Limits that keep everything are not the same as none.
    expect(await update(id, { name: "all kept", ownRetention: everything })).toMatchObject({ kind: "written" });
    expect(await limitsOf("all kept")).toEqual(everything);
    await update(id, { ownRetention: null });
    expect(await limitsOf("all kept")).toBeUndefined();
    expect(await update(987654n, { ownRetention: week })).toEqual({ kind: "experiment_not_found" });
    const elsewhere = { kind: "update", id, ownRetention: week } as const;
    expect(await store().writeExperiment("other", elsewhere, never)).toEqual({ kind: "experiment_not_found" });
    expect(await limitsOf("all kept")).toBeUndefined();
  });

  test("who names an experiment and who limits it in the same moment do not undo each other", async () => {
    const write = (asked: ExperimentWrite) => store().writeExperiment("default", asked, never);
    await write({ kind: "create", name: "in a hurry" });
    const id = await idOf("in a hurry");
    const ownRetention = { ageDaysMax: 0, tracesMax: 2n, bytesMax: 0n };
    await Promise.all([
      write({ kind: "update", id, ownRetention }),
      write({ kind: "update", id, name: "hurried" }),
      writeSpans(store(), { $case: "id", value: `${id}` }, [span({ trace: traceId(fresh()), span: spanId(1) })]),
    ]);
    expect(await experimentNamed("hurried")).toMatchObject({ id: `${id}`, ownRetention, traceCount: 1n });
    expect(await store().listLimits("default", 1, id - 1n)).toEqual([{ id, name: "hurried", ownRetention }]);
  });
}
