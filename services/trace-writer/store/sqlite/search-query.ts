import type { SQLInputValue } from "node:sqlite";
import type { Filter, TimeCondition } from "../../core/filter.ts";
import type { TraceKey } from "../../core/page-token.ts";
import { facetNameOf } from "../../core/trace-facets.ts";
import type { TraceOrder } from "../../core/trace-order.ts";
import { idBytes } from "./columns.ts";

/** Which traces one query walks through. */
export interface WalkedScope {
  readonly workspace: string;
  /** Undefined: the pending ones. */
  readonly experimentId: bigint | undefined;
  /** As `trace_facets` has it. */
  readonly facetScope: bigint;
}

/**
 * A query that walks through traces along an index, in order. Its rows are `ref`, `trace_id`, `at` (what is ordered by) and
 * `hit`: 0 where the trace cannot pass the filter.
 */
export interface SearchQuery {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
  /** Whether every trace that is a hit passes the filter. Else it must be looked at. */
  readonly isExact: boolean;
}

/** The id of a facet's value. Undefined: no trace has it. */
export type FindValue = (name: string, value: string) => bigint | undefined;

/**
 * The query for a search, from behind `after` on. What a filter demands at its outermost (joined by AND) chooses the index:
 * a value that traces are looked up by, then a state that is not OK, else the order's own index, within the times that it
 * demands. Every value is a parameter.
 */
export function searchQueryOf(
  scope: WalkedScope,
  filter: Filter | undefined,
  order: TraceOrder,
  after: TraceKey | undefined,
  find: FindValue,
): SearchQuery {
  const demands = filter === undefined ? [] : demandsOf(filter);
  const walk = walkOf(scope, demands, order, find);
  const column = order.by === "start" ? walk.startColumn : "t.duration_ns";
  const hit = filter === undefined ? EVERY : hitOf(filter, scope.facetScope, find);
  const conditions = [
    ...walk.conditions,
    ...demands.flatMap((demand) =>
      demand.kind === "time" && demand.field === order.by ? withinOf(column, demand) : [],
    ),
    ...(after === undefined ? [] : [behind(column, order, after)]),
  ];
  const direction = order.descending ? "DESC" : "ASC";
  return {
    sql: `SELECT t.ref, t.trace_id, ${column} AS at, ${hit.sql} AS hit FROM ${walk.from}
      WHERE ${conditions.map(({ sql }) => sql).join(" AND ")} ORDER BY ${column} ${direction}, t.trace_id`,
    values: [...hit.values, ...conditions.flatMap(({ values }) => values)],
    isExact: hit.isExact,
  };
}

/** A piece of SQL with the values of its parameters, in order. */
interface Piece {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}
interface Hit extends Piece {
  readonly isExact: boolean;
}

const EVERY: Hit = { sql: "1", values: [], isExact: true };
const NONE: Hit = { sql: "0", values: [], isExact: true };
/** It cannot be said without looking at the trace. Within a NOT as well: negations are carried to the leaves. */
const PERHAPS: Hit = { sql: "1", values: [], isExact: false };
/** The values that are looked up first: those that fewer traces share. */
const LOOKED_UP_FIRST = ["session", "user", "metadata", "tag", "caller", "model", "endpoint", "provider"] as const;

function demandsOf(filter: Filter): readonly Filter[] {
  return filter.kind === "and" ? filter.parts.flatMap(demandsOf) : [filter];
}

interface Walk {
  readonly from: string;
  readonly conditions: readonly Piece[];
  readonly startColumn: string;
}

function walkOf(scope: WalkedScope, demands: readonly Filter[], order: TraceOrder, find: FindValue): Walk {
  const { workspace, experimentId } = scope;
  const owned: Piece =
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
  const state = demands.find((demand) => demand.kind === "state" && demand.state > 1);
  if (state?.kind === "state") {
    const conditions = [owned, { sql: "t.state > 1 AND t.state = ?", values: [state.state] }];
    return { from: "traces t INDEXED BY traces_by_state", conditions, startColumn: "t.start_ns" };
  }
  const index = experimentId === undefined ? "traces_pending" : "traces_owned";
  return { from: `traces t INDEXED BY ${index}`, conditions: [owned], startColumn: "t.start_ns" };
}

function lookupsOf(demands: readonly Filter[]) {
  return demands
    .flatMap((demand) => {
      const name = demand.kind === "text" ? facetNameOf(demand.subject) : undefined;
      if (name === undefined || demand.kind !== "text" || demand.test.is !== "equal") return [];
      const rank = LOOKED_UP_FIRST.findIndex((first) => name === first || name.startsWith(`${first}.`));
      return [{ name, value: demand.test.value, rank }];
    })
    .toSorted((a, b) => a.rank - b.rank);
}

function withinOf(column: string, { from, to }: TimeCondition): readonly Piece[] {
  return [
    ...(from === undefined ? [] : [{ sql: `${column} >= ?`, values: [within64Bits(from)] }]),
    ...(to === undefined ? [] : [{ sql: `${column} < ?`, values: [within64Bits(to)] }]),
  ];
}

function behind(column: string, { descending }: TraceOrder, { at, traceId }: TraceKey): Piece {
  const [upTo, beyond] = descending ? ["<=", "<"] : [">=", ">"];
  return {
    sql: `${column} ${upTo} ? AND (${column} ${beyond} ? OR t.trace_id > ?)`,
    values: [at, at, idBytes(traceId)],
  };
}

function hitOf(filter: Filter, facetScope: bigint, find: FindValue, negated = false): Hit {
  switch (filter.kind) {
    case "and":
    case "or": {
      const parts = filter.parts.map((part) => hitOf(part, facetScope, find, negated));
      const joint = (filter.kind === "and") !== negated ? " AND " : " OR ";
      return {
        sql: `(${parts.map(({ sql }) => sql).join(joint)})`,
        values: parts.flatMap(({ values }) => values),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case "not":
      return hitOf(filter.part, facetScope, find, !negated);
    default: {
      const hit = conditionHitOf(filter, facetScope, find);
      return negated && hit.isExact ? { ...hit, sql: `NOT (${hit.sql})` } : hit;
    }
  }
}

function conditionHitOf(
  condition: Exclude<Filter, { readonly kind: "and" | "or" | "not" }>,
  facetScope: bigint,
  find: FindValue,
): Hit {
  switch (condition.kind) {
    case "time": {
      const pieces = withinOf(TIME_COLUMNS[condition.field], condition);
      const sql = pieces.length === 0 ? "1" : pieces.map((piece) => piece.sql).join(" AND ");
      return { sql: `(${sql})`, values: pieces.flatMap(({ values }) => values), isExact: true };
    }
    case "state":
      return { sql: "t.state = ?", values: [condition.state], isExact: true };
    case "text": {
      const { subject, test } = condition;
      const name = facetNameOf(subject);
      if (test.is !== "equal") return PERHAPS;
      if (subject.of === "trace" && subject.field === "name" && test.value !== "") {
        return { sql: "t.name = ?", values: [test.value], isExact: true };
      }
      if (name === undefined) return PERHAPS;
      const id = find(name, test.value);
      return id === undefined ? NONE : { sql: HAS_FACET, values: [facetScope, id], isExact: true };
    }
    case "number":
      return PERHAPS;
  }
}

const TIME_COLUMNS = { start: "t.start_ns", duration: "t.duration_ns", end: "(t.start_ns + t.duration_ns)" } as const;
/** One look-up by the whole of the key. */
const HAS_FACET =
  "EXISTS (SELECT 1 FROM trace_facets WHERE experiment_id = ? AND value_id = ? AND start_ns = t.start_ns AND trace_ref = t.ref)";

function within64Bits(nanos: bigint): bigint {
  const max = 2n ** 63n - 1n;
  return nanos > max ? max : nanos < -max ? -max : nanos;
}
