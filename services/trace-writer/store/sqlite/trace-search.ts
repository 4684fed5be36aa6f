import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceKey } from "../../core/search/page-token.ts";
import type { TraceOrder } from "../../core/search/trace-order.ts";
import { hexIn, integerIn } from "../columns.ts";
import type { TracePage, TraceSearch } from "../trace-reads.ts";
import type { BlockReads } from "./block-reads.ts";
import type { ExperimentTable } from "./experiment-table.ts";
import { PENDING_ID } from "./facet-table.ts";
import { LOOK_COST, openSearchCost, SPANS_COST, WALK_COST } from "./search-cost.ts";
import { searchQueryOf, type WalkedScope } from "./search-query.ts";
import { openSearchedTraces } from "./searched-traces.ts";
import { createSpareStatements } from "./spare-statements.ts";
import { INFO_COLUMNS, openInfos } from "./trace-info.ts";
import type { Work } from "./turns.ts";

/** A search within one transaction, as `TraceStore.searchTraces` says. It can be stopped after each trace, and within one. */
export type SearchTraces = (
  workspace: string,
  search: TraceSearch,
  limit: number,
  after: TraceKey | undefined,
) => Work<TracePage>;

/** Prepares the searches of a file that is open for reading. */
export function openTraceSearch(db: DatabaseSync, blocks: BlockReads, experiments: ExperimentTable): SearchTraces {
  const value = db.prepare("SELECT id FROM facet_values WHERE workspace = ? AND name = ? AND value = ?");
  const shown = db.prepare(`SELECT t.facets, ${INFO_COLUMNS} FROM traces t WHERE t.ref = ?`);
  const infoOf = openInfos(db, blocks);
  const searched = openSearchedTraces(db, blocks);
  const statements = createSpareStatements(db);

  const scopesOf = (workspace: string, { scope }: TraceSearch): readonly WalkedScope[] =>
    scope.kind === "pending"
      ? [{ workspace, experimentId: undefined, facetScope: PENDING_ID }]
      : [...new Set(scope.ids)]
          .filter((id) => experiments.find(workspace, { $case: "id", value: id.toString() }) !== undefined)
          .map((id) => ({ workspace, experimentId: id, facetScope: id }));

  return function* (workspace, search, limit, after) {
    const { filter, order } = search;
    const find = (name: string, text: string) => {
      const found = value.get(workspace, name, text);
      return found && integerIn(found, "id");
    };
    const walks = scopesOf(workspace, search).map((scope) => {
      const query = searchQueryOf(scope, filter, order, after, find);
      const statement = statements.take(query.sql);
      return {
        isExact: query.isExact,
        rows: statement.iterate(...query.values),
        end: () => statements.giveBack(query.sql, statement),
      };
    });
    const traces: TraceInfo[] = [];
    const cost = openSearchCost(blocks);
    const onSpans = (spans: number) => cost.add(SPANS_COST + spans);
    let last: TraceKey | undefined;
    for (const { ref, key, isHit, isExact } of merged(walks, order)) {
      if (traces.length === limit || cost.isTooMuch) return { traces, next: last };
      last = key;
      cost.add(WALK_COST);
      yield;
      if (!isHit) continue;
      if (filter === undefined || isExact) {
        traces.push(infoOf(shown.get(ref) ?? {}));
        continue;
      }
      cost.add(LOOK_COST);
      const found = yield* searched.look(shown.get(ref) ?? {}, filter, onSpans);
      if (found !== undefined) traces.push(found);
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

interface Walk {
  readonly isExact: boolean;
  readonly rows: ReturnType<StatementSync["iterate"]>;
  /** Nothing more is read of it. */
  end(): void;
}

/** Several walks in one order. */
function* merged(walks: readonly Walk[], order: TraceOrder): Generator<Step, void, void> {
  try {
    const heads = walks.map((walk) => ({ walk, step: stepOf(walk) }));
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
    for (const { rows, end } of walks) {
      rows.return?.();
      end();
    }
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
