import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "../../core/search/filter.ts";
import { matches } from "../../core/search/filter-match.ts";
import type { TraceKey } from "../../core/search/page-token.ts";
import { integerIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import type { TracePage, TraceSearch } from "../trace-reads.ts";
import type { Connection, ReadDatabase } from "./database.ts";
import { readSpans } from "./reader.ts";
import { stepQueryOf } from "./search-query.ts";
import { facetsIn, uuidIn } from "./trace-rows.ts";

/**
 * What a page may cost: so many traces are walked past at the most. Looking at what lists show of one counts as 4,
 * reading its spans as 60.
 */
const COST_MAX = 20_000;
const LOOK_COST = 4;
const SPANS_COST = 60;
/** So many are walked past in the first step, and the more in each that follows. */
const STEP_MIN = 200;
const STEP_GROWTH = 4;
/** So many are looked at in one step. */
const LOOKED_AT_MAX = 200;

/**
 * A search, as `TraceStore.searchTraces` says. One statement answers most: only where it has not found enough, or where
 * traces must be looked at, is it done within a transaction.
 */
export async function searchTraces(
  database: ReadDatabase,
  workspace: string,
  search: TraceSearch,
  limit: number,
  after: TraceKey | undefined,
  signal: AbortSignal | undefined,
): Promise<TracePage> {
  signal?.throwIfAborted();
  const { scope } = search;
  if (scope.kind === "experiments" && scope.ids.length === 0) return { traces: [], next: undefined };
  const whole = new SearchPage(workspace, search, limit, after);
  if (await whole.takeStep(database.reads, false)) return whole.page;
  const found = await database.readAtOneMoment(async (connection) => {
    const page = new SearchPage(workspace, search, limit, after);
    while (signal?.aborted !== true && !(await page.takeStep(connection, true)));
    return page.page;
  }, signal);
  // Thrown here, so that the connection stays open.
  signal?.throwIfAborted();
  return found;
}

/** A page that is being filled. */
class SearchPage {
  readonly #workspace: string;
  readonly #search: TraceSearch;
  readonly #limit: number;
  readonly #scopes: number;
  readonly #traces: TraceInfo[] = [];
  #last: TraceKey | undefined;
  #hasMore = true;
  #cost = 0;
  #step: number;

  constructor(workspace: string, search: TraceSearch, limit: number, after: TraceKey | undefined) {
    this.#workspace = workspace;
    this.#search = search;
    this.#limit = limit;
    this.#last = after;
    this.#scopes = search.scope.kind === "pending" ? 1 : new Set(search.scope.ids).size;
    this.#step = Math.max(STEP_MIN, limit + 1);
  }

  get page(): TracePage {
    return { traces: this.#traces, next: this.#hasMore ? this.#last : undefined };
  }

  /**
   * Walks on. True: the page is as it is to be. Without `looks` no trace is looked at: then it never is, where that is
   * needed.
   */
  async takeStep(connection: Connection, looks: boolean): Promise<boolean> {
    const walked = Math.max(1, Math.min(this.#step, Math.ceil((COST_MAX - this.#cost) / this.#scopes)));
    const query = stepQueryOf(this.#workspace, this.#search, this.#last, walked);
    if (!(query.isExact || looks)) return false;
    const wanted = this.#limit - this.#traces.length + 1;
    // Of those that must be looked at few may pass.
    const rowsMax = query.isExact ? Math.min(wanted, LOOKED_AT_MAX) : LOOKED_AT_MAX;
    const rows = await connection.rows(query.sql, [...query.values, rowsMax]);
    const looked = query.isExact ? undefined : await lookAt(connection, this.#search.filter, rows);
    // Behind the last one of a scope there may be more of it.
    const cut = rows.findIndex((row) => row["is_last"] === true);
    for (const row of cut < 0 ? rows : rows.slice(0, cut + 1)) {
      if (this.#traces.length === this.#limit) return true;
      this.#last = { at: integerIn(row, "at"), traceId: uuidIn(row, "trace_id") };
      const passes = row["hit"] === true && (looked === undefined || looked.passed.has(row));
      if (passes) this.#traces.push(infoIn(row));
    }
    if (cut < 0 && rows.length < rowsMax) {
      this.#hasMore = false;
      return true;
    }
    this.#cost += (looked?.cost ?? 0) + (cut < 0 ? 0 : walked * this.#scopes);
    // Where hits are dense a longer walk finds no more of them at once.
    if (rows.length < rowsMax) this.#step *= STEP_GROWTH;
    return this.#cost >= COST_MAX;
  }
}

/** Those that pass the filter. Spans are read of those alone whose answer depends on them, all in one go. */
async function lookAt(connection: Connection, filter: Filter | undefined, rows: readonly Row[]) {
  const passed = new Set<Row>();
  const unsure: Row[] = [];
  const seen = rows.filter((row) => row["hit"] === true);
  for (const row of seen) {
    let asked = false;
    const trace = { info: infoIn(row), facets: facetsIn(row) };
    const spans = () => {
      asked = true;
      return [];
    };
    const passes = filter === undefined || matches(filter, { ...trace, spans });
    if (asked) unsure.push(row);
    else if (passes) passed.add(row);
  }
  for (const row of await passedBySpans(connection, filter, unsure)) passed.add(row);
  return { passed, cost: seen.length * LOOK_COST + unsure.length * SPANS_COST };
}

/** Of rows with `ref`, `days`, `info` and `facts`, those that pass the filter, with all their spans. */
async function passedBySpans(
  connection: Connection,
  filter: Filter | undefined,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  if (rows.length === 0 || filter === undefined) return rows;
  const spans = await readSpans(connection, rows);
  return rows.filter((row) =>
    matches(filter, {
      info: infoIn(row),
      facets: facetsIn(row),
      spans: () => spans.get(integerIn(row, "ref")) ?? [],
    }),
  );
}

/** Of rows with `ref`, `days`, `info` and `facts`, those that pass the filter. */
export async function passing(
  connection: Connection,
  filter: Filter | undefined,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  if (filter === undefined) return rows;
  const { passed } = await lookAt(
    connection,
    filter,
    rows.map((row) => ({ ...row, hit: true })),
  );
  const refs = new Set(Array.from(passed, (row) => integerIn(row, "ref")));
  return rows.filter((row) => refs.has(integerIn(row, "ref")));
}
