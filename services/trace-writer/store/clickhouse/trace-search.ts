import type { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "../../core/search/filter.ts";
import { matches, type SearchedTrace } from "../../core/search/filter-match.ts";
import type { TraceKey } from "../../core/search/page-token.ts";
import type { Facet } from "../../core/search/trace-facets.ts";
import { storedSpansOf } from "../../core/traces/stored-spans.ts";
import type { TracePage, TraceSearch } from "../trace-reads.ts";
import type { Connection } from "./connection.ts";
import { PENDING_ID } from "./fact.ts";
import type { FactTable } from "./fact-table.ts";
import { facetIn, IN_ORDER } from "./listing-table.ts";
import type { RowReader } from "./row-binary.ts";
import { searchQueryOf } from "./search-query.ts";
import { traceKeyOf } from "./trace-key.ts";
import { placesOf } from "./trace-reader.ts";

/** Searches in the lists of traces. */
export interface Searches {
  search(
    workspace: string,
    search: TraceSearch,
    limit: number,
    after: TraceKey | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TracePage>;
  /** Those of some listed traces that pass a filter. */
  passing(workspace: string, filter: Filter | undefined, rows: readonly ListedRow[]): Promise<readonly ListedRow[]>;
}

/** A trace as a list has it. */
export interface ListedRow {
  readonly traceId: string;
  readonly at: bigint;
  readonly facets: readonly Facet[];
  readonly info: TraceInfo;
}

/** So many traces a page looks at, where lists cannot tell whether they pass; and of so many, at the most, the spans. */
const LOOKED_AT_MAX = 2000;
const SPANS_READ_MAX = 250;

/** The searches over a table of listed traces, and of facts where a filter asks for spans. */
export function openSearches(connection: Connection, facts: FactTable): Searches {
  const passing: Searches["passing"] = async (workspace, filter, rows) => {
    if (filter === undefined) return rows;
    const spans = asksForSpans(filter) ? await spansOf(facts, workspace, rows) : undefined;
    return rows.filter((row) => {
      const searched: SearchedTrace = { ...row, spans: () => spans?.get(row.traceId) ?? [] };
      return matches(filter, searched);
    });
  };
  return {
    passing,
    async search(workspace, { scope, filter, order }, limit, after, signal) {
      const experimentIds = scope.kind === "pending" ? [PENDING_ID] : [...new Set(scope.ids)].filter((id) => id >= 0n);
      if (experimentIds.length === 0) return { traces: [], next: undefined };
      const looked = filter !== undefined && asksForSpans(filter) ? SPANS_READ_MAX : LOOKED_AT_MAX;
      const exact = searchQueryOf(workspace, experimentIds, filter, order, after, limit + 1);
      const { sql, values, isExact } = exact.isExact
        ? exact
        : searchQueryOf(workspace, experimentIds, filter, order, after, looked);
      const rows = await connection.query(sql, values, readListedRow, order.by === "start" ? IN_ORDER : {}, signal);
      if (isExact) return pageOf(rows, limit, rows.length > limit);
      const found = await passing(workspace, filter, rows);
      if (found.length > limit) return pageOf(found, limit, true);
      // There may be more where nobody has looked yet.
      const last = rows.length === looked ? rows.at(-1) : undefined;
      return { traces: found.map(({ info }) => info), next: last && keyOf(last) };
    },
  };
}

/** A row of `trace_id`, what is ordered by, `facets` and `info`. */
function readListedRow(reader: RowReader): ListedRow {
  return {
    traceId: reader.id(16),
    at: reader.int64(),
    facets: reader.list(() => facetIn(reader.text())),
    info: TraceInfo.decode(reader.bytes()),
  };
}

function pageOf(rows: readonly ListedRow[], limit: number, hasMore: boolean): TracePage {
  const page = rows.slice(0, limit);
  const last = hasMore ? page.at(-1) : undefined;
  return { traces: page.map(({ info }) => info), next: last && keyOf(last) };
}

function keyOf({ at, traceId }: ListedRow): TraceKey {
  return { at, traceId };
}

function asksForSpans(filter: Filter): boolean {
  switch (filter.kind) {
    case "and":
    case "or":
      return filter.parts.some(asksForSpans);
    case "not":
      return asksForSpans(filter.part);
    case "number":
      return true;
    case "text":
      return filter.subject.of === "span" || filter.subject.of === "span attribute";
    default:
      return false;
  }
}

async function spansOf(
  facts: FactTable,
  workspace: string,
  rows: readonly ListedRow[],
): Promise<ReadonlyMap<string, readonly Span[]>> {
  const traces = rows.map(({ traceId }) => ({ workspace, traceId }));
  const [states, bytes] = await Promise.all([facts.states(traces), facts.bytesOfAll(traces, false)]);
  return new Map(
    traces.map((trace) => {
      const state = states.get(traceKeyOf(trace));
      const chunks = bytes.get(traceKeyOf(trace));
      const places = state === undefined ? [] : placesOf(state);
      const origins = new Map(places.map(({ chunk, origin }) => [chunk, origin]));
      const opened = new Map(
        Array.from(origins, ([chunk, origin]) => {
          const packed = chunks?.get(chunk)?.bytes;
          return [chunk, packed === undefined ? [] : storedSpansOf(packed, origin)] as const;
        }),
      );
      const spans = places.flatMap(({ chunk, position }) => opened.get(chunk)?.[position]?.span ?? []);
      return [trace.traceId, spans] as const;
    }),
  );
}
