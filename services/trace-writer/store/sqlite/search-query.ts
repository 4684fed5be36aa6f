import type { Filter } from "../../core/search/filter.ts";
import type { TraceKey } from "../../core/search/page-token.ts";
import type { TraceOrder } from "../../core/search/trace-order.ts";
import { idBytes } from "../columns.ts";
import {
  behind,
  demandsOf,
  hitOf,
  lookupsOf,
  type SqlPiece,
  type SqlTrace,
  type SqlValue,
  withinOf,
} from "../filter-sql.ts";

/** Which traces one query walks through. */
export interface WalkedScope {
  readonly workspace: string;
  /** Undefined: the pending ones. */
  readonly experimentId: bigint | undefined;
  /** As `trace_facets` has it. */
  readonly facetScope: bigint;
}

/**
 * A query that walks through traces along an index, in order. Its rows are `ref`, `trace_id`, `at` (what is ordered by)
 * and `hit`: 0 where the trace cannot pass the filter.
 */
export interface SearchQuery {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** Whether every trace that is a hit passes the filter. Else it must be looked at. */
  readonly isExact: boolean;
}

/** The id of a facet's value. Undefined: no trace has it. */
export type FindValue = (name: string, value: string) => bigint | undefined;

/**
 * The query for a search, from behind `after` on. What a filter demands at its outermost (joined by AND) chooses the
 * index: a value that traces are looked up by, then a state that is not OK, else the order's own index, within the
 * times that it demands. Every value is a parameter.
 */
export function searchQueryOf(
  scope: WalkedScope,
  filter: Filter | undefined,
  order: TraceOrder,
  after: TraceKey | undefined,
  find: FindValue,
): SearchQuery {
  const demands = demandsOf(filter);
  const walk = walkOf(scope, demands, order, find);
  const column = order.by === "start" ? walk.startColumn : "t.duration_ns";
  const hit = hitOf(filter, sqlTraceOf(scope.facetScope, find));
  const conditions = [
    ...walk.conditions,
    ...demands.flatMap((demand) =>
      demand.kind === "time" && demand.field === order.by ? withinOf(column, demand) : [],
    ),
    ...(after === undefined ? [] : [behind(column, "t.trace_id", order, after, idBytes(after.traceId))]),
  ];
  const direction = order.descending ? "DESC" : "ASC";
  return {
    sql: `SELECT t.ref, t.trace_id, ${column} AS at, ${hit.sql} AS hit FROM ${walk.from}
      WHERE ${conditions.map(({ sql }) => sql).join(" AND ")} ORDER BY ${column} ${direction}, t.trace_id`,
    values: [...hit.values, ...conditions.flatMap(({ values }) => values)],
    isExact: hit.isExact,
  };
}

interface Walk {
  readonly from: string;
  readonly conditions: readonly SqlPiece[];
  readonly startColumn: string;
}

function walkOf(scope: WalkedScope, demands: readonly Filter[], order: TraceOrder, find: FindValue): Walk {
  const { workspace, experimentId } = scope;
  const owned: SqlPiece =
    experimentId === undefined
      ? { sql: "t.workspace = ? AND t.experiment_id IS NULL AND t.start_ns > 0", values: [workspace] }
      : { sql: "t.experiment_id = ?", values: [experimentId] };
  if (order.by === "duration") {
    const conditions = [owned, { sql: "t.start_ns > 0", values: [] }];
    return { from: "traces t INDEXED BY traces_by_duration", conditions, startColumn: "t.start_ns" };
  }
  const [lookup] = lookupsOf(demands);
  if (lookup !== undefined) {
    const id = find(lookup.name, lookup.value) ?? 0n;
    const looked = { sql: "f.experiment_id = ? AND f.value_id = ?", values: [scope.facetScope, id] };
    return {
      from: "trace_facets f CROSS JOIN traces t ON t.ref = f.trace_ref",
      conditions: [looked],
      startColumn: "f.start_ns",
    };
  }
  // What is pending is nearly all in progress, and in no index of states.
  const state = demands.find((demand) => demand.kind === "state" && demand.state > 1);
  if (state?.kind === "state" && experimentId !== undefined) {
    const conditions = [owned, { sql: "t.state > 1 AND t.state = ?", values: [state.state] }];
    return { from: "traces t INDEXED BY traces_by_state", conditions, startColumn: "t.start_ns" };
  }
  const index = experimentId === undefined ? "traces_pending" : "traces_owned";
  return { from: `traces t INDEXED BY ${index}`, conditions: [owned], startColumn: "t.start_ns" };
}

function sqlTraceOf(facetScope: bigint, find: FindValue): SqlTrace {
  return {
    times: { start: "t.start_ns", duration: "t.duration_ns", end: "(t.start_ns + t.duration_ns)" },
    state: "t.state",
    hasName: (name) => ({ sql: "t.name = ?", values: [name] }),
    hasFacet(name, value) {
      const id = find(name, value);
      return id === undefined ? undefined : { sql: HAS_FACET, values: [facetScope, id] };
    },
  };
}

/** One look-up by the whole of the key. */
const HAS_FACET =
  "EXISTS (SELECT 1 FROM trace_facets WHERE experiment_id = ? AND value_id = ? AND start_ns = t.start_ns AND trace_ref = t.ref)";
