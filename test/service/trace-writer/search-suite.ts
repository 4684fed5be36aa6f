import fc from "fast-check";
import { expect, test } from "vitest";
import { matches } from "../../../services/trace-writer/core/search/filter-match.ts";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";
import type { TraceKey } from "../../../services/trace-writer/core/search/page-token.ts";
import { parseTraceOrder } from "../../../services/trace-writer/core/search/trace-order.ts";
import type { TraceScope } from "../../../services/trace-writer/store/trace-reads.ts";
import type { TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { filterText, termText } from "./sample-filters.ts";
import { idsOf, payload, record, span, spanId, T0, traceId } from "./sample-traces.ts";
import { searchTraces, spansOf, writeRecords, writeSpans } from "./writing.ts";

const WORKSPACE = "searched";
const MS = 1_000_000;

/** What every store promises of searches: an index finds what `matches` finds, in every order, page by page. */
export function describeSearch(store: () => TraceStore, effort: number): void {
  let scope: Promise<TraceScope> | undefined;
  /** Writes the samples once, and names the experiments they are in. */
  const samples = (): Promise<TraceScope> => {
    scope ??= writeSamples(store());
    return scope;
  };
  const found = async (filter: string, orderBy = "") =>
    (await searchTraces(store(), await samples(), { workspace: WORKSPACE, filter, orderBy })).map(
      ({ traceId: id }) => id,
    );
  const full = (n: number) => `tr-${idsOf(n).full}`;
  const agent = (n: number) => `tr-${traceId(n)}`;

  test.each([
    ["status = 'ERROR'", [agent(2)]],
    ["trace.status != 'OK' AND name = 'failing'", [agent(2)]],
    ["duration >= 5", [agent(2)]],
    ["execution_time_ms = 5", [agent(2)]],
    [`timestamp_ms > ${T0 / 1_000_000n}`, [agent(3), agent(2)]],
    ["timestamp > '2026-01-01' AND timestamp < '2026-01-02T00:00:00Z'", []],
    ["endpoint = 'demo' AND caller = 'curl'", [full(91)]],
    ["provider = 'scripted' AND model = 'elsewhere'", [agent(2)]],
    ["session = 's1'", [agent(2), full(91)]],
    ["metadata.\"mlflow.trace.session\" = 's1'", [agent(2), full(91)]],
    ["metadata.mlflow.gateway.endpointId = 'demo' AND user IN ('u1', 'u2')", [full(91)]],
    ["metadata.`a key` = 'x''y'", [full(92)]],
    ["session IS NOT NULL AND NOT session = 's1'", [agent(3)]],
    ["session != 's1'", [agent(3)]],
    ["tags.mlflow.traceName LIKE 'fail%'", [agent(2)]],
    ["span.name = 'inner' AND span.status = 'ERROR'", [agent(2)]],
    ["span.type = 'TOOL'", [agent(3)]],
    ["span.attributes.weight > 2 OR span.attributes.\"a key\" LIKE '%needle%'", [agent(3), agent(2)]],
    ["text ILIKE '%CANARY%' AND NOT caller = 'curl'", [full(92)]],
    ["trace.text LIKE '%CANARY%'", []],
    ["(status = 'ERROR' OR session = 's2') AND NOT duration > 4", [agent(3)]],
    ["name RLIKE 'x' ", "regular expressions"],
  ])("a search for %s finds what it says", async (filter, expected) => {
    if (typeof expected === "string") await expect(found(filter)).rejects.toThrow(expected);
    else expect(await found(filter)).toEqual(expected);
  });

  test("traces are ordered by start or duration, either way, and those that are equal by id", async () => {
    expect(await found("", "execution_time_ms DESC")).toEqual([agent(2), agent(3), full(91), full(92)]);
    expect(await found("", "duration")).toEqual([full(91), full(92), agent(3), agent(2)]);
    expect(await found("", "timestamp_ms ASC")).toEqual([full(91), full(92), agent(2), agent(3)]);
    expect(await found("", "trace.timestamp_ms desc")).toEqual([agent(3), agent(2), full(91), full(92)]);
    expect(await found("session = 's1'", "execution_time_ms DESC")).toEqual([agent(2), full(91)]);
  });

  test("pending traces are searched too", async () => {
    await samples();
    const pending = (filter: string) =>
      searchTraces(store(), { kind: "pending" }, { workspace: WORKSPACE, filter }).then((traces) =>
        traces.map(({ traceId: id }) => id),
      );
    expect(await pending("endpoint = 'demo' AND model = 'echo-1'")).toEqual([agent(1)]);
    expect(await pending("status = 'IN_PROGRESS'")).toEqual([agent(1)]);
    expect(await pending("status = 'OK'")).toEqual([]);
  });

  test("a trace that moves or grows is found by what it says now, and by nothing else", async () => {
    const trace = traceId(0x51);
    const workspace = "moving";
    const write = (experiment: string, id: number, session: string, parent?: string) =>
      writeSpans(
        store(),
        experiment,
        [
          span({
            trace,
            span: spanId(id),
            start: 50 - id,
            attributes: { "session.id": session },
            ...(parent && { parent }),
          }),
        ],
        workspace,
      );
    const idOf = async (name: string) =>
      BigInt((await store().getExperiment(workspace, { $case: "name", value: name }))?.id ?? -1);
    const count = async (name: string, filter: string) =>
      (await searchTraces(store(), { kind: "experiments", ids: [await idOf(name)] }, { workspace, filter })).length;
    await write("first", 1, "old", spanId(9));
    expect(await count("first", "session = 'old'")).toBe(1);
    await write("second", 9, "new");
    expect([await count("first", "session = 'old'"), await count("first", "")]).toEqual([0, 0]);
    expect([await count("second", "session = 'old'"), await count("second", "session = 'new'")]).toEqual([0, 1]);
  });

  test("whatever the filter, an index finds what looking at every trace finds, page by page", async () => {
    const searched = await samples();
    const everything = await searchTraces(store(), searched, { workspace: WORKSPACE });
    const looked = await Promise.all(
      everything.map(async (info) => {
        const trace = await store().getTrace(WORKSPACE, info.traceId.slice(3), false);
        return { info, spans: spansOf(trace) };
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        filterText(termText),
        fc.constantFrom("", "duration DESC"),
        fc.integer({ min: 1, max: 3 }),
        async (text, orderBy, limit) => {
          const filter = parseFilter(text);
          if (filter === undefined) throw new Error("the sample filter is empty");
          const expected = looked
            .filter(({ info, spans }) =>
              matches(filter, { info, facets: SAMPLE_FACETS.get(info.traceId) ?? [], spans: () => spans }),
            )
            .map(({ info }) => info.traceId);
          const order = parseTraceOrder(orderBy);
          const pages: string[] = [];
          let after: TraceKey | undefined;
          do {
            const page = await store().searchTraces(WORKSPACE, { scope: searched, filter, order }, limit, after);
            expect(page.traces.length).toBeLessThanOrEqual(limit);
            pages.push(...page.traces.map((info) => info.traceId));
            after = page.next;
          } while (after !== undefined);
          expect(pages.toSorted()).toEqual(expected.toSorted());
        },
      ),
      { numRuns: Math.ceil(200 * effort) },
    );
  });
}

/** Full traces 91 and 92, the mirror of 91 in pending trace 1, and agents' traces 2 (it failed) and 3. */
async function writeSamples(store: TraceStore): Promise<TraceScope> {
  const caller = { trace: traceId(1), span: spanId(1) };
  const said = { "mlflow.gateway.caller": "curl", "mlflow.trace.session": "s1", "mlflow.trace.user": "u1" };
  await writeRecords(
    store,
    [
      record({ n: 91, start: 0, metadata: said, caller }),
      record({ n: 92, start: 0, metadata: { "a key": "x'y" }, payloads: [payload(idsOf(92).root)] }),
    ],
    WORKSPACE,
  );
  const llm = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "elsewhere",
    "gen_ai.provider.name": "scripted",
  };
  await writeSpans(
    store,
    "agents",
    [
      span({
        trace: traceId(2),
        span: spanId(1),
        start: 2 * MS,
        end: 7 * MS,
        name: "failing",
        failed: true,
        attributes: { "session.id": "s1" },
      }),
      span({
        trace: traceId(2),
        span: spanId(2),
        parent: spanId(1),
        start: 3 * MS,
        end: 4 * MS,
        name: "inner",
        failed: true,
        attributes: { ...llm, "a key": "a needle" },
      }),
      span({
        trace: traceId(3),
        span: spanId(1),
        start: 3 * MS,
        end: 5 * MS,
        name: "fine",
        attributes: { "session.id": "s2", "mlflow.spanType": '"TOOL"', weight: 2.5 },
      }),
    ],
    WORKSPACE,
  );
  const experiments = await store.listExperiments(WORKSPACE, 100, undefined);
  return { kind: "experiments", ids: experiments.map(({ id }) => BigInt(id)) };
}

const ofDemo = (session: readonly [string, string][]) =>
  [["endpoint", "demo"], ["model", "echo-1"], ["metadata.mlflow.gateway.endpointId", "demo"], ...session].map(
    ([name = "", value = ""]) => ({ name, value }),
  );
const SAMPLE_FACETS = new Map([
  [
    `tr-${idsOf(91).full}`,
    ofDemo([
      ["caller", "curl"],
      ["session", "s1"],
      ["user", "u1"],
    ]),
  ],
  [`tr-${idsOf(92).full}`, ofDemo([["metadata.a key", "x'y"]])],
  [
    `tr-${traceId(2)}`,
    [
      { name: "model", value: "elsewhere" },
      { name: "provider", value: "scripted" },
      { name: "session", value: "s1" },
    ],
  ],
  [`tr-${traceId(3)}`, [{ name: "session", value: "s2" }]],
]);
