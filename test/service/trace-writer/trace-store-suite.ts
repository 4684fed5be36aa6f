import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { describeChanges } from "./changes-suite.ts";
import { describeEdits } from "./edits-suite.ts";
import { describeExperiments } from "./experiments-suite.ts";
import { describeForwards } from "./forwards-suite.ts";
import { describeMoves } from "./moves-suite.ts";
import { describePermutations } from "./permutations.ts";
import { describeReads } from "./reads-suite.ts";
import { describeRefusals } from "./refusals-suite.ts";
import { describeRetention } from "./retention-suite.ts";
import { CANARY, idsOf, payload, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { describeSearch } from "./search-suite.ts";
import { describeTold } from "./told-suite.ts";
import { describeTotals } from "./totals-suite.ts";
import { searchTraces, spansOf, textOf, writeRecords, writeSpans } from "./writing.ts";

/**
 * What every store promises (`TraceStore`). `open` gives an empty one that takes 50 spans a trace and has SUITE_ROUTES.
 * `effort` is the share of the property tests' runs that are made: less where every step takes a server milliseconds.
 */
export function describeTraceStore(name: string, open: () => Promise<TraceStore>, effort = 1): void {
  describe(name, () => {
    let store: TraceStore;
    let next = 1;
    const fresh = () => next++;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store[Symbol.asyncDispose]());

    const read = (trace: string, withPayload = true) => store.getTrace("default", trace, withPayload);
    const experimentOf = async (trace: string) => {
      const id = (await read(trace))?.info?.experimentId;
      if (id === undefined || id === "") return id;
      return (await store.getExperiment("default", { $case: "id", value: id }))?.name;
    };

    test("a record is stored as a full trace and a mirror, linked both ways", async () => {
      const n = fresh();
      const ids = idsOf(n);
      const agent = traceId(n);
      const outcomes = await writeRecords(store, [record({ n, caller: { trace: agent, span: spanId(1) } })]);
      expect(outcomes).toEqual([{ outcome: "stored", mirror: "stored" }]);
      const full = await read(ids.full);
      const mirror = await read(agent);
      expect(full?.info).toMatchObject({ sealed: true, state: TraceState.TRACE_STATE_OK, spanCount: 2 });
      expect(full?.info?.linkedTraceIds).toEqual([`tr-${agent}`]);
      expect(mirror?.info?.linkedTraceIds).toEqual([`tr-${ids.full}`]);
      expect(mirror?.mirrorSpanIds.map((id) => id.toString("hex"))).toEqual([ids.mirror, ids.mirrorAttempt(0)]);
      expect(full?.mirrorSpanIds).toEqual([]);
      const [root, attempt] = spansOf(full);
      const [gateway, mirrored] = spansOf(mirror);
      expect(root?.links.map((link) => link.spanId.toString("hex"))).toEqual([ids.mirror]);
      expect(gateway?.links.map((link) => link.spanId.toString("hex"))).toEqual([ids.root]);
      expect([gateway?.name, mirrored?.name]).toEqual([root?.name, attempt?.name]);
      expect([gateway?.startTimeUnixNano, gateway?.endTimeUnixNano]).toEqual([
        root?.startTimeUnixNano,
        root?.endTimeUnixNano,
      ]);
      expect(full?.info?.usage).toEqual(mirror?.info?.usage);
      expect(full?.info?.cost).toEqual(mirror?.info?.cost);
    });

    test("a record that is written again changes nothing, not even with other content", async () => {
      const n = fresh();
      const caller = { trace: traceId(n), span: spanId(1) };
      await writeRecords(store, [record({ n, caller })]);
      const before = [await read(idsOf(n).full), await read(traceId(n))];
      const again = await writeRecords(store, [record({ n, caller }), record({ n, caller, attempts: 2 })]);
      expect(again).toEqual([
        { outcome: "already_stored", mirror: "stored" },
        { outcome: "already_stored", mirror: "stored" },
      ]);
      expect([await read(idsOf(n).full), await read(traceId(n))]).toEqual(before);
    });

    test("the payload is read with the full trace alone", async () => {
      const n = fresh();
      const ids = idsOf(n);
      const payloads = [payload(ids.root), payload(ids.attempt(0), `failed: ${CANARY}`)];
      await writeRecords(store, [record({ n, payloads, caller: { trace: traceId(n), span: spanId(1) } })]);
      const full = await read(ids.full);
      const [root, attempt] = spansOf(full);
      expect(root?.attributes.map(({ key }) => key)).toContain("mlflow.spanInputs");
      expect(attempt?.status?.message).toBe(`failed: ${CANARY}`);
      expect(attempt?.events.map(({ name: event }) => event)).toEqual(["exception"]);
      expect(full?.info?.requestPreview).toContain(CANARY);
      expect(textOf(await read(ids.full, false))).not.toContain(CANARY);
      expect(textOf(await read(traceId(n)))).not.toContain(CANARY);
    });

    test("agents' spans of a sealed trace are counted and not stored", async () => {
      const n = fresh();
      await writeRecords(store, [record({ n })]);
      const before = await read(idsOf(n).full);
      const outcome = await writeSpans(store, "intruder", [span({ trace: idsOf(n).full, span: spanId(9) })]);
      expect(outcome).toEqual({ kind: "stored", rejected: new Map([["sealed_trace", 1]]) });
      expect(await read(idsOf(n).full)).toEqual(before);
    });

    test("sealing evicts what agents and mirrors wrote before, and the link to an evicted mirror is not shown", async () => {
      const [n, other] = [fresh(), fresh()];
      const ids = idsOf(n);
      await writeSpans(store, "intruder", [span({ trace: ids.full, span: spanId(9) })]);
      await writeRecords(store, [record({ n: other, caller: { trace: ids.full, span: spanId(9) } })]);
      expect((await read(idsOf(other).full))?.info?.linkedTraceIds).toEqual([`tr-${ids.full}`]);
      await writeRecords(store, [record({ n })]);
      const sealed = await read(ids.full);
      expect(sealed?.info).toMatchObject({ sealed: true, spanCount: 2, linkedTraceIds: [] });
      const orphan = await read(idsOf(other).full);
      expect(orphan?.info?.linkedTraceIds).toEqual([]);
      expect(spansOf(orphan)[0]?.links).toEqual([]);
    });

    test("a mirror whose caller names a sealed trace is not stored, its full half is", async () => {
      const [n, other] = [fresh(), fresh()];
      await writeRecords(store, [record({ n })]);
      const caller = { trace: idsOf(n).full, span: idsOf(n).root };
      expect(await writeRecords(store, [record({ n: other, caller })])).toEqual([
        { outcome: "stored", mirror: "sealed_trace" },
      ]);
      expect(spansOf(await read(idsOf(other).full))[0]?.links).toEqual([]);
      expect((await read(idsOf(n).full))?.info?.spanCount).toBe(2);
    });

    test("a mirror alone is pending: readable by id, in progress, listed as pending", async () => {
      const n = fresh();
      await writeRecords(store, [record({ n, caller: { trace: traceId(n), span: spanId(1) } })]);
      const found = await read(traceId(n));
      expect(found?.info).toMatchObject({ experimentId: "", state: TraceState.TRACE_STATE_IN_PROGRESS, sealed: false });
      const pending = await searchTraces(store, { kind: "pending" });
      expect(pending.map((info) => info.traceId)).toContain(`tr-${traceId(n)}`);
    });

    test("pending traces are counted by when their last span ended, and no longer when they are claimed", async () => {
      const n = fresh();
      const start = -1_000_000_000;
      const counted = () => store.countPending(T0 - 500_000_000n);
      const others = await counted();
      await writeRecords(store, [record({ n, start, caller: { trace: traceId(n), span: spanId(1) } })]);
      expect(await counted()).toBe(others + 1);
      expect(await store.countPending(T0 - 1_000_000_000n)).toBe(others);
      await writeSpans(store, "claimed", [span({ trace: traceId(n), span: spanId(1), start, end: 0 })]);
      expect(await counted()).toBe(others);
    });

    test("a mirror is filed where its request named an experiment, and an unknown id leaves it pending", async () => {
      const [n, other] = [fresh(), fresh()];
      const named = { ref: { $case: "name", value: "chosen" } } as const;
      const unknown = { ref: { $case: "id", value: "987654" } } as const;
      await writeRecords(store, [
        record({ n, caller: { trace: traceId(n), span: spanId(1), experiment: named } }),
        record({ n: other, caller: { trace: traceId(other), span: spanId(1), experiment: unknown } }),
      ]);
      expect(await experimentOf(traceId(n))).toBe("chosen");
      expect(await experimentOf(traceId(other))).toBe("");
    });

    test("an agent's span ranks above the mirror's request, and the trace moves whole", async () => {
      const n = fresh();
      const trace = traceId(n);
      const experiment = { ref: { $case: "name", value: "asked" } } as const;
      await writeRecords(store, [record({ n, caller: { trace, span: spanId(2), experiment } })]);
      expect(await experimentOf(trace)).toBe("asked");
      await writeSpans(store, "late-child", [span({ trace, span: spanId(3), parent: spanId(1), start: 5 })]);
      expect(await experimentOf(trace)).toBe("late-child");
      await writeSpans(store, "early-child", [span({ trace, span: spanId(2), parent: spanId(1), start: 2 })]);
      expect(await experimentOf(trace)).toBe("early-child");
      await writeSpans(store, "root", [span({ trace, span: spanId(1), start: 9, end: 500, name: "agent" })]);
      expect(await experimentOf(trace)).toBe("root");
      expect((await read(trace))?.info).toMatchObject({
        name: "agent",
        spanCount: 5,
        state: TraceState.TRACE_STATE_OK,
        startTimeUnixNano: T0 + 2n,
        durationNanos: 498n,
      });
      const pending = await searchTraces(store, { kind: "pending" });
      expect(pending.map((info) => info.traceId)).not.toContain(`tr-${trace}`);
    });

    test("of two spans under one id the later end wins, whichever comes first", async () => {
      const [n, other] = [fresh(), fresh()];
      const short = (trace: string) => span({ trace, span: spanId(1), end: 10, name: "short" });
      const long = (trace: string) => span({ trace, span: spanId(1), end: 20, name: "long" });
      for (const write of [short, long]) await writeSpans(store, "conflict", [write(traceId(n))]);
      for (const write of [long, short]) await writeSpans(store, "conflict", [write(traceId(other))]);
      for (const trace of [n, other]) {
        expect(spansOf(await read(traceId(trace))).map(({ name: kept }) => kept)).toEqual(["long"]);
      }
    });

    test("a mirror's span is not replaced by an agent's of its id, and replaces it", async () => {
      const [n, other] = [fresh(), fresh()];
      for (const [number, mirrorFirst] of [
        [n, true],
        [other, false],
      ] as const) {
        const trace = traceId(number);
        const mirror = () => writeRecords(store, [record({ n: number, caller: { trace, span: spanId(1) } })]);
        const forged = () =>
          writeSpans(store, "forger", [span({ trace, span: idsOf(number).mirror, end: 9999, name: "forged" })]);
        if (mirrorFirst) await mirror();
        const outcome = await forged();
        if (mirrorFirst) expect(outcome).toEqual({ kind: "stored", rejected: new Map([["mirror_span", 1]]) });
        else await mirror();
        expect(spansOf(await read(trace)).map(({ name: kept }) => kept)).toEqual([
          "gateway/demo",
          "model/scripted/echo-1",
        ]);
        expect(await experimentOf(trace)).toBe("");
      }
    });

    test("an agent's own span of the mirrored call adds nothing to the usage", async () => {
      const n = fresh();
      const trace = traceId(n);
      const tokens = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5 };
      await writeRecords(store, [record({ n, caller: { trace, span: spanId(3) } })]);
      const call = { "gen_ai.operation.name": "chat", "gen_ai.response.id": idsOf(n).responseId, ...tokens };
      const direct = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "elsewhere", ...tokens };
      await writeSpans(store, "usage", [
        span({ trace, span: spanId(1), end: 900 }),
        span({ trace, span: spanId(2), parent: spanId(1), attributes: call }),
        span({ trace, span: spanId(4), parent: spanId(1), attributes: direct }),
      ]);
      expect((await read(trace))?.info?.usage).toMatchObject({ inputTokens: 20n, outputTokens: 10n, totalTokens: 30n });
    });

    test("Default is experiment 0 and is there from the start", async () => {
      expect(await store.getExperiment("default", { $case: "name", value: "Default" })).toMatchObject({ id: "0" });
    });

    describeRefusals(() => store);
    describeTold(() => store);
    describeReads(() => store);
    describeSearch(() => store, effort);
    describeEdits(() => store);
    describeExperiments(() => store);
    describeRetention(() => store);
    describeTotals(() => store);
    describeForwards(() => store, effort);
    describeChanges(() => store);
    describePermutations(() => store, effort);
    // Last: it moves all that the others have written.
    describeMoves(() => store, open);
  });
}
