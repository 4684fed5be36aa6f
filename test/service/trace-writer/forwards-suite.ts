import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ResourceSpans } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import type { ForwardRoutes } from "../../../services/trace-writer/core/forwarding/forward-routes.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { CANARY, idsOf, payload, record, span, spanId, traceId } from "./sample-traces.ts";
import { spansOf, textOf, writeRecords, writeSpans } from "./writing.ts";

/** The routes that a store is started with for this suite. */
export const SUITE_ROUTES: ForwardRoutes = new Map([
  ["agents", { mirrors: ["agents"], keys: new Map(), experiments: new Map() }],
  [
    "default",
    {
      mirrors: ["mirrors", "both"],
      keys: new Map([["team", ["team", "both", "traces"]]]),
      experiments: new Map([["forwarded", ["both", "traces"]]]),
    },
  ],
]);

const NUMBERS_FROM = 5000;

/** What every store promises of what waits to be forwarded (`ForwardQueue`). The store has {@link SUITE_ROUTES}. */
export function describeForwards(storeOf: () => TraceStore, effort: number): void {
  describe("what waits to be forwarded", () => {
    let next = NUMBERS_FROM;
    const fresh = () => next++;
    const named = (name: string) => ({ ref: { $case: "name", value: name } }) as const;
    const waiting = async (destination: string) => storeOf().forwards.next(destination, 1000);
    /** What waits of a trace, read, as the ids of its spans. */
    const idsWaiting = async (destination: string, trace: string) =>
      (await Promise.all((await waiting(destination)).filter(({ traceId: id }) => id === trace).map(read)))
        .flat()
        .flatMap(spanIdsOf)
        .toSorted();
    const read = (forward: Awaited<ReturnType<typeof waiting>>[number]) => storeOf().forwards.read(forward, false);

    test("a mirror waits for the mirrors' destinations at once, though nobody owns its trace", async () => {
      const n = fresh();
      await writeRecords(storeOf(), [record({ n, caller: { trace: traceId(n), span: spanId(1) } })]);
      const mirror = [idsOf(n).mirror, idsOf(n).mirrorAttempt(0)];
      expect(await idsWaiting("mirrors", traceId(n))).toEqual(mirror);
      expect(await idsWaiting("both", traceId(n))).toEqual(mirror);
      expect(await idsWaiting("traces", traceId(n))).toEqual([]);
      expect(await idsWaiting("mirrors", idsOf(n).full)).toEqual([]);
    });

    test("what waits where is a matter of its workspace: a mirror of the caller's, a full trace of the endpoint's", async () => {
      const n = fresh();
      const caller = { trace: traceId(n), span: spanId(1), workspace: "agents" };
      await writeRecords(storeOf(), [record({ n, experiment: "forwarded", caller })]);
      expect(await idsWaiting("agents", traceId(n))).toEqual([idsOf(n).mirror, idsOf(n).mirrorAttempt(0)]);
      expect(await idsWaiting("mirrors", traceId(n))).toEqual([]);
      expect(await idsWaiting("traces", idsOf(n).full)).toEqual([idsOf(n).root, idsOf(n).attempt(0)]);
      const elsewhere = fresh();
      await writeRecords(storeOf(), [record({ n: elsewhere, experiment: "forwarded", workspace: "agents" })]);
      expect(await idsWaiting("traces", idsOf(elsewhere).full)).toEqual([]);
    });

    test("a mirror of a key's call waits for that key's destinations too, each once; a key is known in its workspace only", async () => {
      const [mine, others, elsewhere] = [fresh(), fresh(), fresh()];
      const callerOf = (n: number) => ({ trace: traceId(n), span: spanId(1) });
      await writeRecords(storeOf(), [
        record({ n: mine, caller: { ...callerOf(mine), key: "team" } }),
        record({ n: others, caller: { ...callerOf(others), key: "another" } }),
        record({ n: elsewhere, caller: { ...callerOf(elsewhere), key: "team", workspace: "agents" } }),
      ]);
      const mirror = [idsOf(mine).mirror, idsOf(mine).mirrorAttempt(0)];
      for (const destination of ["mirrors", "both", "team", "traces"]) {
        expect(await idsWaiting(destination, traceId(mine))).toEqual(mirror);
      }
      const written = await waiting("team");
      await writeRecords(storeOf(), [record({ n: mine, caller: { ...callerOf(mine), key: "team" } })]);
      expect(await waiting("team")).toEqual(written);
      for (const n of [others, elsewhere]) expect(await idsWaiting("team", traceId(n))).toEqual([]);
      expect(await idsWaiting("mirrors", traceId(others))).toEqual([
        idsOf(others).mirror,
        idsOf(others).mirrorAttempt(0),
      ]);
    });

    test("a key's mirror that is added to a trace of a destination of both waits for it once", async () => {
      const n = fresh();
      const trace = traceId(n);
      await writeSpans(storeOf(), "forwarded", [span({ trace, span: spanId(1) })]);
      await storeOf().forwards.remove(await waiting("traces"));
      await writeRecords(storeOf(), [record({ n, caller: { trace, span: spanId(1), key: "team" } })]);
      expect(await idsWaiting("traces", trace)).toEqual([idsOf(n).mirror, idsOf(n).mirrorAttempt(0)]);
    });

    test("a full trace waits for its experiment's destinations, those of others for none", async () => {
      const [n, other] = [fresh(), fresh()];
      await writeRecords(storeOf(), [record({ n, experiment: "forwarded" }), record({ n: other })]);
      const full = [idsOf(n).root, idsOf(n).attempt(0)];
      expect(await idsWaiting("traces", idsOf(n).full)).toEqual(full);
      expect(await idsWaiting("both", idsOf(n).full)).toEqual(full);
      expect(await idsWaiting("mirrors", idsOf(n).full)).toEqual([]);
      expect(await idsWaiting("traces", idsOf(other).full)).toEqual([]);
    });

    test("a trace waits whole once it has an owner, then what is added to it, mirrors once each", async () => {
      const n = fresh();
      const trace = traceId(n);
      const mirror = [idsOf(n).mirror, idsOf(n).mirrorAttempt(0)];
      await writeRecords(storeOf(), [record({ n, caller: { trace, span: spanId(2) } })]);
      await writeSpans(storeOf(), "forwarded", [span({ trace, span: spanId(2), parent: spanId(1) })]);
      expect(await idsWaiting("traces", trace)).toEqual([spanId(2), ...mirror]);
      expect(await idsWaiting("both", trace)).toEqual([spanId(2), ...mirror]);
      await storeOf().forwards.remove(await waiting("traces"));
      await storeOf().forwards.remove(await waiting("both"));
      await writeSpans(storeOf(), "forwarded", [span({ trace, span: spanId(1), end: 500 })]);
      const later = fresh();
      await writeRecords(storeOf(), [record({ n: later, caller: { trace, span: spanId(2) } })]);
      const laterMirror = [idsOf(later).mirror, idsOf(later).mirrorAttempt(0)];
      expect(await idsWaiting("traces", trace)).toEqual([spanId(1), ...laterMirror]);
      expect(await idsWaiting("both", trace)).toEqual([spanId(1), ...laterMirror]);
    });

    test("a mirror that is filed by its request waits for that experiment's destinations", async () => {
      const n = fresh();
      const caller = { trace: traceId(n), span: spanId(1), experiment: named("forwarded") };
      await writeRecords(storeOf(), [record({ n, caller })]);
      expect(await idsWaiting("traces", traceId(n))).toEqual([idsOf(n).mirror, idsOf(n).mirrorAttempt(0)]);
    });

    test("a trace that moves to the experiment waits whole", async () => {
      const trace = traceId(fresh());
      await writeSpans(storeOf(), "elsewhere", [span({ trace, span: spanId(2), parent: spanId(1) })]);
      expect(await idsWaiting("traces", trace)).toEqual([]);
      await writeSpans(storeOf(), "forwarded", [span({ trace, span: spanId(1), end: 500 })]);
      expect(await idsWaiting("traces", trace)).toEqual([spanId(1), spanId(2)]);
    });

    test("what is written again waits no more than once", async () => {
      const n = fresh();
      const trace = traceId(n);
      const write = async () => {
        await writeRecords(storeOf(), [record({ n, experiment: "forwarded", caller: { trace, span: spanId(1) } })]);
        await writeSpans(storeOf(), "forwarded", [span({ trace, span: spanId(1) })]);
      };
      await write();
      const before = await waiting("traces");
      await write();
      expect(await waiting("traces")).toEqual(before);
    });

    test("what was replaced or evicted before it was read is not read", async () => {
      const n = fresh();
      await writeSpans(storeOf(), "forwarded", [span({ trace: traceId(n), span: spanId(1), end: 10, name: "short" })]);
      await writeSpans(storeOf(), "forwarded", [span({ trace: traceId(n), span: spanId(1), end: 20, name: "long" })]);
      expect(await idsWaiting("traces", traceId(n))).toEqual([spanId(1)]);
      await writeSpans(storeOf(), "forwarded", [span({ trace: idsOf(n).full, span: spanId(9) })]);
      await writeRecords(storeOf(), [record({ n })]);
      expect(await idsWaiting("mirrors", idsOf(n).full)).toEqual([]);
    });

    test("in whatever order things arrive, and whenever they are sent, all of a trace is sent to where it ends", async () => {
      const steps = ["record", "root", "child", "stray", "late", "send"] as const;
      const often = [...steps, ...steps, "send", "send"] as const;
      const order = fc.shuffledSubarray([...often], { minLength: 6 });
      await fc.assert(
        fc.asyncProperty(order, async (plan) => {
          const n = fresh();
          const trace = traceId(n);
          const agent = (experiment: string, id: number, parent?: number) => {
            const sample = { trace, span: spanId(id), start: id, end: 100 * id };
            const under = parent === undefined ? {} : { parent: spanId(parent) };
            return writeSpans(storeOf(), experiment, [span({ ...sample, ...under })]);
          };
          const sent = { traces: new Set<string>(), both: new Set<string>() };
          const send = async () => {
            for (const destination of ["traces", "both"] as const) {
              const forwards = await waiting(destination);
              for (const one of forwards) {
                for (const group of await read(one)) for (const id of spanIdsOf(group)) sent[destination].add(id);
              }
              await storeOf().forwards.remove(forwards);
            }
          };
          const caller = { trace, span: spanId(2) };
          const run = {
            record: () => writeRecords(storeOf(), [record({ n, experiment: "forwarded", caller })]),
            root: () => agent("forwarded", 1),
            child: () => agent("forwarded", 2, 1),
            stray: () => agent("elsewhere", 3, 1),
            late: () => agent("forwarded", 4, 1),
            send,
          };
          for (const step of plan) await run[step]();
          await send();
          const owner = await storeOf().getExperiment("default", { $case: "name", value: "forwarded" });
          for (const id of [trace, idsOf(n).full]) {
            const stored = await storeOf().getTrace("default", id, false);
            if (stored === undefined || stored.info?.experimentId !== owner?.id) continue;
            const ids = spansOf(stored).map(({ spanId: one }) => one.toString("hex"));
            expect([...sent.traces]).toEqual(expect.arrayContaining(ids));
            expect([...sent.both]).toEqual(expect.arrayContaining(ids));
          }
        }),
        { numRuns: Math.ceil(60 * effort) },
      );
    });

    test("payload is read where it is asked for, and of full traces alone", async () => {
      const n = fresh();
      const payloads = [payload(idsOf(n).root), payload(idsOf(n).attempt(0), `failed: ${CANARY}`)];
      const caller = { trace: traceId(n), span: spanId(1) };
      await writeRecords(storeOf(), [record({ n, payloads, experiment: "forwarded", caller })]);
      const full = (await waiting("traces")).find(({ traceId: id }) => id === idsOf(n).full);
      const mirror = (await waiting("mirrors")).find(({ traceId: id }) => id === traceId(n));
      if (full === undefined || mirror === undefined) throw new Error("nothing waits");
      const { forwards } = storeOf();
      expect(textOf(await forwards.read(full, true))).toContain(CANARY);
      expect(textOf(await forwards.read(full, false))).not.toContain(CANARY);
      expect(textOf(await forwards.read(mirror, true))).not.toContain(CANARY);
    });

    test("removals leave the rest, the newest when it is cut, and nothing of destinations that are gone", async () => {
      const { forwards } = storeOf();
      await forwards.keepOnly([]);
      expect(await forwards.waiting("traces")).toEqual({ items: 0, oldestMs: undefined });
      const [first, second, third] = [fresh(), fresh(), fresh()];
      for (const n of [first, second, third]) {
        await writeRecords(storeOf(), [record({ n, experiment: "forwarded" })]);
      }
      const traces = async () => (await waiting("traces")).map(({ traceId: id }) => id);
      expect(await traces()).toEqual([first, second, third].map((n) => idsOf(n).full));
      expect((await forwards.waiting("traces")).oldestMs).toBeGreaterThan(Date.now() - 60_000);
      expect(await forwards.trim("traces", 2)).toEqual({ items: 1, spans: 2 });
      await forwards.remove((await waiting("traces")).slice(0, 1));
      expect(await traces()).toEqual([idsOf(third).full]);
      expect(await forwards.trim("traces", 2)).toEqual({ items: 0, spans: 0 });
      expect(await forwards.keepOnly(["traces"])).toEqual({ items: 3, spans: 6 });
      expect(await traces()).toEqual([idsOf(third).full]);
      expect(await waiting("both")).toEqual([]);
    });
  });
}

function spanIdsOf(group: ResourceSpans): readonly string[] {
  return spansOf({ info: undefined, resourceSpans: [group], mirrorSpanIds: [] }).map(({ spanId: id }) =>
    id.toString("hex"),
  );
}
