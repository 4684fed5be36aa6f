import { describe, expect, test } from "vitest";
import { moveExperiments, moveTraces } from "../../../services/trace-writer/migration/move-traces.ts";
import type { TraceMoves } from "../../../services/trace-writer/store/trace-moves.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import type { WholeTrace } from "../../../services/trace-writer/store/whole-trace.ts";
import { idsOf, record, span, spanId, traceId } from "./sample-traces.ts";
import { everythingIn } from "./whole-reads.ts";
import { claimTrace, spansOf, writeRecords, writeSpans } from "./writing.ts";

const never = new AbortController().signal;
/** A move of everything takes long where a store is a server on a busy machine. */
const MOVE_MS = 240_000;

/** Moves everything, from behind a position on. */
export async function moveAll(source: TraceMoves, target: TraceMoves, after?: string): Promise<void> {
  expect(await moveExperiments(source, target, never)).toEqual([]);
  for await (const page of moveTraces(source, target, after, never)) expect(page.traces).toBeLessThanOrEqual(500);
}

/** All traces of a store that has few. */
async function dumpOf(store: TraceMoves): Promise<readonly WholeTrace[]> {
  const found: WholeTrace[] = [];
  let after: string | undefined;
  do {
    const { traces, next } = await store.dumpTraces(after, 100);
    found.push(...traces);
    after = next;
  } while (after !== undefined);
  return found;
}

/** What every store promises of moves (`TraceMoves`). The store is full of what the other suites have written. */
export function describeMoves(storeOf: () => TraceStore, open: () => Promise<TraceStore>): void {
  describe("moves from one store to another", () => {
    test(
      "all that was ever written is read in another store as in this one, and moved again it changes nothing",
      async () => {
        await using target = await open();
        await moveAll(storeOf(), target);
        const before = await everythingIn(storeOf());
        expect(await everythingIn(target)).toEqual(before);
        await moveAll(storeOf(), target);
        expect(await everythingIn(target)).toEqual(before);
        expect((await target.sizeOfAll()).traces).toBe((await storeOf().sizeOfAll()).traces);
        const destinations = ["mirrors", "both", "traces", "agents"];
        const backlogs = await Promise.all(destinations.map((name) => target.forwards.waiting(name)));
        expect(backlogs.map(({ items }) => items)).toEqual([0, 0, 0, 0]);
      },
      MOVE_MS,
    );

    test(
      "a record that comes again after the move is known by its digest, and another under its id is not taken",
      async () => {
        await using source = await open();
        await using target = await open();
        const caller = { trace: traceId(1), span: spanId(1) };
        await writeRecords(source, [record({ n: 1, caller })]);
        await moveAll(source, target);
        const before = await everythingIn(target);
        const again = [record({ n: 1, caller }), record({ n: 1, caller, attempts: 3 })];
        const known = { outcome: "already_stored", mirror: "stored" };
        expect(await writeRecords(target, again)).toEqual([known, known]);
        expect(await everythingIn(target)).toEqual(before);
        expect(await dumpOf(target)).toEqual(await dumpOf(source));
      },
      MOVE_MS,
    );

    test(
      "what has come to the target meanwhile and what is moved are settled as if they had come in the other order",
      async () => {
        await using source = await open();
        await using target = await open();
        await using plain = await open();
        const trace = traceId(1);
        const early = (store: TraceStore) =>
          Promise.all([
            writeSpans(store, "agents", [
              span({ trace, span: spanId(1), end: 10, name: "short" }),
              span({ trace, span: spanId(2), parent: spanId(1), end: 30, name: "long" }),
            ]),
            claimTrace(store, "agents", { traceId: trace, requestPreview: "early" }),
            writeRecords(store, [record({ n: 1, caller: { trace, span: spanId(1) } })]),
          ]);
        const late = async (store: TraceStore) => {
          await writeSpans(store, "agents", [
            span({ trace, span: spanId(1), end: 20, name: "longer" }),
            span({ trace, span: spanId(2), parent: spanId(1), end: 20, name: "shorter" }),
            span({ trace: idsOf(1).full, span: spanId(9), name: "intruder" }),
          ]);
          await writeRecords(store, [record({ n: 2, caller: { trace, span: spanId(2) } })]);
          await claimTrace(store, "agents", { traceId: trace, requestPreview: "late", durationNanos: 5n });
        };
        await early(source);
        await source.editTags("default", trace, { a: "source", b: "source" }, never);
        expect(await moveExperiments(source, target, never)).toEqual([]);
        await late(target);
        await target.editTags("default", trace, { b: "target", c: null }, never);
        await moveAll(source, target);
        await early(plain);
        await plain.editTags("default", trace, { a: "source", b: "target", c: null }, never);
        await late(plain);
        const reads = async (store: TraceStore) =>
          Promise.all(
            [trace, idsOf(1).full, idsOf(2).full].map(async (id) => {
              const { info, ...read } = (await store.getTrace("default", id, true)) ?? { info: undefined };
              const { experimentId, ...told } = info ?? { experimentId: "" };
              const chosen = { $case: "id", value: experimentId } as const;
              return { ...read, told, experiment: (await store.getExperiment("default", chosen))?.name };
            }),
          );
        expect(await reads(target)).toEqual(await reads(plain));
        expect(spansOf(await target.getTrace("default", trace, true)).map(({ name }) => name)).toContain("longer");
      },
      MOVE_MS,
    );

    test(
      "a trace keeps the spans that it had, be they more than the target takes, and takes no more",
      async () => {
        await using source = await open();
        await using target = await open();
        const trace = traceId(1);
        const spans = (from: number, count: number) =>
          Array.from({ length: count }, (_, index) => span({ trace, span: spanId(from + index), parent: spanId(1) }));
        await writeSpans(source, "many", spans(100, 50));
        await moveExperiments(source, target, never);
        await writeSpans(target, "many", spans(1000, 20));
        await moveAll(source, target);
        expect((await target.getTrace("default", trace, true))?.info?.spanCount).toBe(70);
        const outcome = await writeSpans(target, "many", spans(2000, 1));
        expect(outcome).toEqual({ kind: "stored", rejected: new Map([["trace_full", 1]]) });
      },
      MOVE_MS,
    );

    test(
      "experiments keep their ids, and those that are made later get others; one that is in the way is told, and nothing written",
      async () => {
        await using source = await open();
        await using target = await open();
        const create = async (store: TraceStore, name: string, workspace = "default") => {
          const outcome = await store.writeExperiment(workspace, { kind: "create", name }, never);
          if (outcome.kind !== "written") throw new Error(`${name} is there already`);
          return outcome.experiment;
        };
        const ids = [await create(source, "one"), await create(source, "two", "team"), await create(source, "three")];
        expect(await moveExperiments(source, target, never)).toEqual([]);
        const told = await source.dumpExperiments(undefined, 100);
        const kept = await target.dumpExperiments(undefined, 100);
        expect(kept.map(({ updatedMs: _, ...rest }) => rest)).toEqual(told.map(({ updatedMs: _, ...rest }) => rest));
        const later = await create(target, "later");
        expect(ids.map(({ id }) => id)).not.toContain(later.id);

        await using taken = await open();
        const [first] = told.filter(({ name }) => name === "one");
        if (first === undefined) throw new Error("there is no experiment");
        expect(await taken.restoreExperiments([{ ...first, id: 77n }], never)).toEqual([]);
        const [conflict, ...others] = await moveExperiments(source, taken, never);
        expect(others).toEqual([]);
        expect(conflict?.experiment).toMatchObject({ id: first.id, name: "one" });
        expect(conflict?.there).toMatchObject({ workspace: "default", id: 77n, name: "one" });
        expect((await taken.dumpExperiments(undefined, 100)).map(({ name }) => name)).toEqual(["Default", "one"]);
      },
      MOVE_MS,
    );

    test("a payload that was deleted is not moved, though its record came again without one", async () => {
      await using source = await open();
      await writeRecords(source, [record({ n: 1 })]);
      const home = await source.getExperiment("default", { $case: "name", value: "gateway/demo" });
      const all = { kind: "until", startNsMax: 2n ** 63n - 1n } as const;
      expect(await source.deleteTraces("default", BigInt(home?.id ?? -1), all, 10, never)).toMatchObject({ traces: 1 });
      await writeRecords(source, [record({ n: 1, payloads: [], attempts: 2 })]);
      const traces = await dumpOf(source);
      expect(traces.map(({ traceId: id, full }) => [id, full?.payload])).toEqual([[idsOf(1).full, undefined]]);
    });

    test(
      "a dump goes on from every position that it has given",
      async () => {
        const whole: string[] = [];
        for (let after: string | undefined = undefined, isEnd = false; !isEnd; ) {
          const { traces, next }: Awaited<ReturnType<TraceMoves["dumpTraces"]>> = await storeOf().dumpTraces(after, 7);
          expect(traces.length).toBeLessThanOrEqual(7);
          expect(next ?? "").toMatch(/^[\w.-]{0,100}$/);
          whole.push(...traces.map(({ workspace, traceId: id }) => `${workspace} ${id}`));
          [after, isEnd] = [next, next === undefined];
        }
        expect(new Set(whole).size).toBe(whole.length);
        expect(BigInt(whole.length)).toBe((await storeOf().sizeOfAll()).traces);
      },
      MOVE_MS,
    );
  });
}
