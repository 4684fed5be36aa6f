import type { Filter, TimeCondition } from "../core/search/filter.ts";
import type { TraceKey } from "../core/search/page-token.ts";
import { facetNameOf } from "../core/search/trace-facets.ts";
import type { TraceOrder } from "../core/search/trace-order.ts";

/** What a parameter may be. */
export type SqlValue = string | bigint | number | Uint8Array;

/** A piece of SQL with the values of its parameters, each a `?`, in order. */
export interface SqlPiece {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** What a filter comes to for one row of a trace. */
export interface SqlHit extends SqlPiece {
  /** Whether every trace that is a hit passes the filter. Else it must be looked at. */
  readonly isExact: boolean;
}

/** What a database's rows of traces have for filters. */
export interface SqlTrace {
  /** Columns, and sums of them, in nanoseconds. */
  readonly times: Readonly<Record<TimeCondition["field"], string>>;
  readonly state: string;
  hasName(name: string): SqlPiece;
  /** Whether it is looked up by a value. Undefined: no trace is. */
  hasFacet(name: string, value: string): SqlPiece | undefined;
}

const EVERY: SqlHit = { sql: "TRUE", values: [], isExact: true };
const NONE: SqlHit = { sql: "FALSE", values: [], isExact: true };
/** It cannot be said without looking at the trace. Within a NOT as well: negations are carried to the leaves. */
const PERHAPS: SqlHit = { sql: "TRUE", values: [], isExact: false };
/** The values that are looked up first: those that fewer traces share. */
const LOOKED_UP_FIRST = ["session", "user", "metadata", "tag", "caller", "model", "endpoint", "provider"] as const;

/** Whether a row's trace may pass a filter, as an expression. Every value is a parameter. */
export function hitOf(filter: Filter | undefined, trace: SqlTrace): SqlHit {
  return filter === undefined ? EVERY : partHitOf(filter, trace, false);
}

/** What a filter demands at its outermost: what is joined by AND. */
export function demandsOf(filter: Filter | undefined): readonly Filter[] {
  if (filter === undefined) return [];
  return filter.kind === "and" ? filter.parts.flatMap(demandsOf) : [filter];
}

/** The values that are demanded and that traces are looked up by, those that fewer traces share first. */
export function lookupsOf(demands: readonly Filter[]): readonly { readonly name: string; readonly value: string }[] {
  return demands
    .flatMap((demand) => {
      const name = demand.kind === "text" ? facetNameOf(demand.subject) : undefined;
      if (name === undefined || demand.kind !== "text" || demand.test.is !== "equal") return [];
      const rank = LOOKED_UP_FIRST.findIndex((first) => name === first || name.startsWith(`${first}.`));
      return [{ name, value: demand.test.value, rank }];
    })
    .toSorted((a, b) => a.rank - b.rank);
}

/** That a time is within what is demanded of it. */
export function withinOf(column: string, { from, to }: TimeCondition): readonly SqlPiece[] {
  return [
    ...(from === undefined ? [] : [{ sql: `${column} >= ?`, values: [within64Bits(from)] }]),
    ...(to === undefined ? [] : [{ sql: `${column} < ?`, values: [within64Bits(to)] }]),
  ];
}

/** That a trace comes behind a key. `id` is the key's trace id, as `idColumn` has it. */
export function behind(
  column: string,
  idColumn: string,
  { descending }: TraceOrder,
  { at }: TraceKey,
  id: SqlValue,
): SqlPiece {
  const [upTo, beyond] = descending ? ["<=", "<"] : [">=", ">"];
  return { sql: `${column} ${upTo} ? AND (${column} ${beyond} ? OR ${idColumn} > ?)`, values: [at, at, id] };
}

function partHitOf(filter: Filter, trace: SqlTrace, negated: boolean): SqlHit {
  switch (filter.kind) {
    case "and":
    case "or": {
      const parts = filter.parts.map((part) => partHitOf(part, trace, negated));
      const joint = (filter.kind === "and") !== negated ? " AND " : " OR ";
      return {
        sql: `(${parts.map(({ sql }) => sql).join(joint)})`,
        values: parts.flatMap(({ values }) => values),
        isExact: parts.every(({ isExact }) => isExact),
      };
    }
    case "not":
      return partHitOf(filter.part, trace, !negated);
    default: {
      const hit = conditionHitOf(filter, trace);
      return negated && hit.isExact ? { ...hit, sql: `NOT (${hit.sql})` } : hit;
    }
  }
}

function conditionHitOf(condition: Exclude<Filter, { readonly kind: "and" | "or" | "not" }>, trace: SqlTrace): SqlHit {
  switch (condition.kind) {
    case "time": {
      const pieces = withinOf(trace.times[condition.field], condition);
      const sql = pieces.length === 0 ? "TRUE" : pieces.map((piece) => piece.sql).join(" AND ");
      return { sql: `(${sql})`, values: pieces.flatMap(({ values }) => values), isExact: true };
    }
    case "state":
      return { sql: `${trace.state} = ?`, values: [condition.state], isExact: true };
    case "text": {
      const { subject, test } = condition;
      const name = facetNameOf(subject);
      if (test.is !== "equal") return PERHAPS;
      if (subject.of === "trace" && subject.field === "name" && test.value !== "") {
        return { ...trace.hasName(test.value), isExact: true };
      }
      if (name === undefined) return PERHAPS;
      const has = trace.hasFacet(name, test.value);
      return has === undefined ? NONE : { ...has, isExact: true };
    }
    case "number":
      return PERHAPS;
  }
}

function within64Bits(nanos: bigint): bigint {
  const max = 2n ** 63n - 1n;
  return nanos > max ? max : nanos < -max ? -max : nanos;
}
