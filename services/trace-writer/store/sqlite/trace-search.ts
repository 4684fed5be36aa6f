import type { DatabaseSync } from "node:sqlite";
import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { matches } from "../../core/filter-match.ts";
import type { TraceKey } from "../../core/page-token.ts";
import { storedSpansOf } from "../../core/stored-spans.ts";
import type { TraceOrder } from "../../core/trace-order.ts";
import type { TracePage, TraceSearch } from "../trace-store.ts";
import { bytesIn, hexIn, integerIn, textIn } from "./columns.ts";
import type { ExperimentTable } from "./experiment-table.ts";
import { facetIdsIn, PENDING_ID } from "./facet-table.ts";
import { unpack } from "./packing.ts";
import { searchQueryOf, type WalkedScope } from "./search-query.ts";
import { originIn } from "./span-table.ts";

/** A search within one transaction, as `TraceStore.searchTraces` says. */
export type SearchTraces = (
  workspace: string,
  search: TraceSearch,
  limit: number,
  after: TraceKey | undefined,
) => TracePage;

/**
 * What a page may cost, since readers wait for each other: some 40 ms. Walking past a trace costs 1; looking at what lists
 * show of it costs 4; reading its spans costs 60.
 */
const COST_MAX = 20_000;
const LOOK_COST = 4;
const SPANS_COST = 60;

/** Prepares the searches of a file that is open for reading. */
export function openTraceSearch(db: DatabaseSync, experiments: ExperimentTable): SearchTraces {
  const value = db.prepare("SELECT id FROM facet_values WHERE workspace = ? AND name = ? AND value = ?");
  const facet = db.prepare("SELECT name, value FROM facet_values WHERE id = ?");
  const shown = db.prepare("SELECT info, facets FROM traces WHERE ref = ?");
  const places = db.prepare("SELECT origin, chunk, position FROM spans WHERE trace_ref = ? ORDER BY start_ns, span_id");
  const chunk = db.prepare("SELECT bytes FROM chunks WHERE id = ?");

  const spansOf = (ref: bigint) => {
    const rows = places.all(ref);
    const chunks = new Map(
      rows
        .map((row) => [integerIn(row, "chunk"), originIn(row)] as const)
        .map(([id, origin]) => [id, storedSpansOf(unpack(bytesIn(chunk.get(id) ?? {}, "bytes")), origin)]),
    );
    return rows.flatMap((row) => chunks.get(integerIn(row, "chunk"))?.[Number(integerIn(row, "position"))]?.span ?? []);
  };

  const scopesOf = (workspace: string, { scope }: TraceSearch): readonly WalkedScope[] =>
    scope.kind === "pending"
      ? [{ workspace, experimentId: undefined, facetScope: PENDING_ID }]
      : [...new Set(scope.ids)]
          .filter((id) => experiments.find(workspace, { $case: "id", value: id.toString() }) !== undefined)
          .map((id) => ({ workspace, experimentId: id, facetScope: id }));

  return (workspace, search, limit, after) => {
    const { filter, order } = search;
    const find = (name: string, text: string) => {
      const found = value.get(workspace, name, text);
      return found && integerIn(found, "id");
    };
    const walks = scopesOf(workspace, search).map((scope) => {
      const query = searchQueryOf(scope, filter, order, after, find);
      return { isExact: query.isExact, rows: db.prepare(query.sql).iterate(...query.values) };
    });
    const traces: TraceInfo[] = [];
    let cost = 0;
    let last: TraceKey | undefined;
    for (const { ref, key, isHit, isExact } of merged(walks, order)) {
      if (traces.length === limit || cost >= COST_MAX) return { traces, next: last };
      last = key;
      cost += 1;
      if (!isHit) continue;
      const row = shown.get(ref) ?? {};
      const info = TraceInfo.decode(bytesIn(row, "info"));
      if (filter === undefined || isExact) {
        traces.push(info);
        continue;
      }
      cost += LOOK_COST;
      const facets = facetIdsIn(row).map((id) => {
        const found = facet.get(id) ?? {};
        return { name: textIn(found, "name"), value: textIn(found, "value") };
      });
      const spans = once(() => {
        cost += SPANS_COST;
        return spansOf(ref);
      });
      if (matches(filter, { info, facets, spans })) traces.push(info);
    }
    return { traces, next: undefined };
  };
}

/** A trace that a walk has come to. */
interface Step {
  readonly ref: bigint;
  readonly key: TraceKey;
  readonly isHit: boolean;
  readonly isExact: boolean;
}

type Walk = { readonly isExact: boolean; readonly rows: ReturnType<ReturnType<DatabaseSync["prepare"]>["iterate"]> };

/** Several walks in one order. */
function* merged(walks: readonly Walk[], order: TraceOrder): Generator<Step, void, void> {
  const heads = walks.map((walk) => ({ walk, step: stepOf(walk) }));
  try {
    for (;;) {
      let first: (typeof heads)[number] | undefined;
      for (const head of heads) {
        if (head.step === undefined) continue;
        if (first?.step === undefined || compareKeys(head.step.key, first.step.key, order) < 0) first = head;
      }
      if (first?.step === undefined) return;
      yield first.step;
      first.step = stepOf(first.walk);
    }
  } finally {
    for (const { rows } of walks) rows.return?.();
  }
}

function stepOf({ rows, isExact }: Walk): Step | undefined {
  const { value: row, done } = rows.next();
  if (done === true || row === undefined) return undefined;
  return {
    ref: integerIn(row, "ref"),
    key: { at: integerIn(row, "at"), traceId: hexIn(row, "trace_id") },
    isHit: integerIn(row, "hit") !== 0n,
    isExact,
  };
}

function compareKeys(a: TraceKey, b: TraceKey, { descending }: TraceOrder): number {
  if (a.at !== b.at) return a.at > b.at === descending ? -1 : 1;
  return a.traceId < b.traceId ? -1 : a.traceId > b.traceId ? 1 : 0;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
