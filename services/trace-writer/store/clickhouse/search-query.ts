import type { Filter } from "../../core/search/filter.ts";
import type { TraceKey } from "../../core/search/page-token.ts";
import type { TraceOrder } from "../../core/search/trace-order.ts";
import { demandsOf, hitOf, type SqlPiece, type SqlTrace, type SqlValue, withinOf } from "../filter-sql.ts";
import type { QueryValues } from "./connection.ts";
import { facetTextOf } from "./listing-table.ts";

/** A query for a page of traces. Its rows are `trace_id`, what is ordered by, `facets` and `info`. */
export interface SearchQuery {
  readonly sql: string;
  readonly values: QueryValues;
  /** Whether every trace that is found passes the filter. Else it must be looked at. */
  readonly isExact: boolean;
}

const TRACE: SqlTrace = {
  times: { start: "-start_key", duration: "duration_ns", end: "(duration_ns - start_key)" },
  state: "state",
  hasName: (name) => ({ sql: "name = ?", values: [name] }),
  hasFacet: (name, value) => ({ sql: "has(facets, ?)", values: [facetTextOf(name, value)] }),
};

/**
 * The query for traces of some experiments (or the pending ones) in order, from behind `after` on. Within one
 * experiment the newest first is the order in which they are stored: no more is read than a page takes. Every value is
 * a parameter.
 */
export function searchQueryOf(
  workspace: string,
  experimentIds: readonly bigint[],
  filter: Filter | undefined,
  order: TraceOrder,
  after: TraceKey | undefined,
  limit: number,
): SearchQuery {
  const hit = hitOf(filter, TRACE);
  const { by, descending } = order;
  const key = by === "start" ? "start_key" : "duration_ns";
  const goesUp = by === "start" ? descending : !descending;
  const conditions: SqlPiece[] = [
    { sql: `workspace = ? AND experiment_id IN (${experimentIds.join()})`, values: [workspace] },
    // What is demanded of the start, said of the key: so that no more is read than lies within.
    ...demandsOf(filter).flatMap((demand) => {
      if (demand.kind !== "time" || demand.field !== "start") return [];
      return withinOf("-start_key", demand).map(({ sql, values }) => ({
        sql: overKey(sql),
        values: values.map(negated),
      }));
    }),
    ...(after === undefined ? [] : [behind(key, goesUp, by === "start" ? -after.at : after.at, after.traceId)]),
    hit,
  ];
  const { sql, values } = numbered(
    conditions.map((condition) => `(${condition.sql})`).join(" AND "),
    conditions.flatMap((condition) => condition.values),
  );
  const leading = by === "start" && goesUp && experimentIds.length === 1 ? "experiment_id, " : "";
  return {
    sql: `SELECT trace_id, ${by === "start" ? "-start_key" : "duration_ns"}, facets, info FROM traces FINAL WHERE ${sql}
      ORDER BY ${leading}${key} ${goesUp ? "ASC" : "DESC"}, trace_id LIMIT ${limit}`,
    values,
    isExact: hit.isExact,
  };
}

function behind(key: string, goesUp: boolean, at: bigint, traceId: string): SqlPiece {
  const [upTo, beyond] = goesUp ? [">=", ">"] : ["<=", "<"];
  const values = [at, at, traceId];
  return { sql: `${key} ${upTo} ? AND (${key} ${beyond} ? OR trace_id > unhex(?))`, values };
}

/** `-start_key >= ?` says the same as `start_key <= -?`. */
function overKey(sql: string): string {
  return sql.replace("-start_key >=", "start_key <=").replace("-start_key <", "start_key >");
}

function negated(value: SqlValue): SqlValue {
  return typeof value === "bigint" ? -value : value;
}

/** The same with ClickHouse's parameters, which have names and types. */
function numbered(sql: string, values: readonly SqlValue[]): Pick<SearchQuery, "sql" | "values"> {
  const named: Record<string, string | number | bigint> = {};
  let next = 0;
  const text = sql.replaceAll("?", () => {
    const value = values[next];
    const name = `p${next}`;
    next += 1;
    named[name] = typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? value : "";
    return `{${name}:${typeof value === "string" ? "String" : "Int64"}}`;
  });
  return { sql: text, values: named };
}
