import { expect, test } from "vitest";
import type {
  ExperimentChange,
  ExperimentWrite,
  TraceStore,
} from "../../../services/trace-writer/store/trace-store.ts";
import { span, spanId, traceId } from "./sample-traces.ts";
import { writeSpans } from "./writing.ts";

const never = new AbortController().signal;

/** What every store promises of experiments that are made, renamed and limited. */
export function describeExperiments(store: () => TraceStore): void {
  let next = 0x980;
  const fresh = () => next++;
  const infoOf = async (trace: string) => (await store().getTrace("default", trace, true))?.info;
  const experimentNamed = (name: string) => store().getExperiment("default", { $case: "name", value: name });
  const idOf = async (name: string) => BigInt((await experimentNamed(name))?.id ?? -1);

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
