import type { TraceKey } from "../../core/search/page-token.ts";
import { behind, demandsOf, hitOf, lookupsOf, type SqlPiece, type SqlTrace, withinOf } from "../filter-sql.ts";
import type { TraceScope, TraceSearch } from "../trace-reads.ts";
import type { Parameter } from "./database.ts";
import { facetKeyOf } from "./facet-keys.ts";

/**
 * A step of a search. Its rows are `ref`, `trace_id`, `at` (what is ordered by), `days`, `info`, `facts`, `hit`, and
 * `is_last`: there may be more of its scope behind it. Of traces that are no hits it has those alone.
 */
export interface StepQuery {
  readonly sql: string;
  /** All but the last one: how many rows it gives at the most. */
  readonly values: readonly Parameter[];
  /** Whether every hit passes the filter. Else it must be looked at. */
  readonly isExact: boolean;
}

/**
 * The query for a step from behind `after` on: each scope is walked along an index in the order asked for, past
 * `walked` traces at the most. What a filter demands at its outermost, a value or a state, narrows what is walked;
 * PostgreSQL knows how many traces have it, and takes the index that is the shorter. Every level says its order, so
 * that walks are merged and no more of them is read than is asked for. Every value is a parameter.
 */
export function stepQueryOf(
  workspace: string,
  { scope, filter, order }: TraceSearch,
  after: TraceKey | undefined,
  walked: number,
): StepQuery {
  const demands = demandsOf(filter);
  const column = TRACE.times[order.by];
  const hit = hitOf(filter, TRACE);
  const direction = order.descending ? "DESC" : "ASC";
  const narrowed = [
    ...lookupsOf(demands).map(({ name, value }) => hasFacet(name, value)),
    ...demands.flatMap((demand): readonly SqlPiece[] => {
      if (demand.kind === "time" && demand.field === order.by) return withinOf(column, demand);
      return demand.kind === "state" && demand.state > 1
        ? [{ sql: "t.state > 1 AND t.state = ?", values: [demand.state] }]
        : [];
    }),
    ...(after === undefined ? [] : [behind(column, "t.trace_id", order, after, after.traceId)]),
  ];
  const walks = ownersOf(workspace, scope).map((owner) => walkOf([owner, ...narrowed], column, direction, hit, walked));
  const sql = `SELECT * FROM (${walks.map((walk) => walk.sql).join(" UNION ALL ")}) walks
    WHERE hit OR is_last ORDER BY at ${direction}, trace_id LIMIT ?`;
  return {
    sql: numbered(sql),
    values: walks.flatMap(({ values }) => values),
    isExact: hit.isExact,
  };
}

/** One for each walk: whose traces it passes. An experiment of another workspace has none. */
function ownersOf(workspace: string, scope: TraceScope): readonly SqlPiece[] {
  if (scope.kind === "pending") return [{ sql: "t.workspace = ? AND t.experiment_id IS NULL", values: [workspace] }];
  return [...new Set(scope.ids)].map((id) => ({
    sql: "t.experiment_id = (SELECT id FROM experiments WHERE id = ? AND workspace = ?)",
    values: [id, workspace],
  }));
}

function walkOf(
  conditions: readonly SqlPiece[],
  column: string,
  direction: string,
  hit: SqlPiece,
  walked: number,
): SqlPiece {
  return {
    sql: `(SELECT *, row_number() OVER () = ? AS is_last FROM (
      SELECT t.ref, t.trace_id, ${column} AS at, t.days, t.info, t.facts, (${hit.sql}) AS hit FROM traces t
      WHERE ${conditions.map((condition) => condition.sql).join(" AND ")}
      ORDER BY ${column} ${direction}, t.trace_id LIMIT ?) walk ORDER BY at ${direction}, trace_id)`,
    values: [walked, ...hit.values, ...conditions.flatMap(({ values }) => values), walked],
  };
}

function hasFacet(name: string, value: string): SqlPiece {
  return { sql: "t.facets @> ARRAY[?::uuid]", values: [facetKeyOf({ name, value })] };
}

const TRACE: SqlTrace = {
  times: { start: "t.start_ns", duration: "t.duration_ns", end: "(t.start_ns + t.duration_ns)" },
  state: "t.state",
  hasName: (name) => ({ sql: "t.name = ?", values: [Buffer.from(name)] }),
  hasFacet,
};

/** Parameters as PostgreSQL counts them. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll("?", () => {
    count += 1;
    return `$${count}`;
  });
}
