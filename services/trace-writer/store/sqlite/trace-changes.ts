import type { DatabaseSync } from "node:sqlite";
import type { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { integerIn, optionalIntegerIn, type Row, textIn } from "../columns.ts";
import type { ChangePage, TraceSearch } from "../trace-reads.ts";
import type { BlockReads } from "./block-reads.ts";
import { LOOK_COST, openSearchCost, SPANS_COST } from "./search-cost.ts";
import { openSearchedTraces } from "./searched-traces.ts";
import { INFO_COLUMNS, openInfos } from "./trace-info.ts";
import type { Work } from "./turns.ts";

/**
 * The traces that have changed, as `TraceStore.changes` says, within one transaction. It can be stopped after each
 * trace, and within one.
 */
export type ListChanges = (
  workspace: string,
  search: Pick<TraceSearch, "scope" | "filter">,
  since: string | undefined,
  limit: number,
) => Work<ChangePage | undefined>;

/** Prepares the look-ups of a file that is open for reading. A position is a commit, and a trace within it. */
export function openTraceChanges(db: DatabaseSync, blocks: BlockReads): ListChanges {
  const latest = db.prepare("SELECT last FROM commits");
  const changed = db.prepare(`
    SELECT t.changed, t.workspace, t.facets, ${INFO_COLUMNS} FROM traces t INDEXED BY traces_changed
    WHERE t.changed > 0 AND t.changed >= ?1 AND (t.changed > ?1 OR t.ref > ?2) ORDER BY t.changed, t.ref LIMIT ?3`);
  const infoOf = openInfos(db, blocks);
  const searched = openSearchedTraces(db, blocks);
  return function* (workspace, { scope, filter }, since, limit) {
    if (since === undefined) {
      return { traces: [], position: `${integerIn(latest.get() ?? {}, "last")}.${REF_MAX}`, isEnd: true };
    }
    const [, commit, ref] = POSITION.exec(since) ?? [];
    if (commit === undefined || ref === undefined) return undefined;
    const isWithin = (row: Row) => {
      if (textIn(row, "workspace") !== workspace) return false;
      const experiment = optionalIntegerIn(row, "experiment_id");
      return scope.kind === "pending"
        ? experiment === undefined
        : experiment !== undefined && scope.ids.includes(experiment);
    };
    const rows = changed.all(BigInt(commit), BigInt(ref), limit);
    const traces: TraceInfo[] = [];
    const cost = openSearchCost(blocks);
    const onSpans = (spans: number) => cost.add(SPANS_COST + spans);
    let position = since;
    for (const row of rows) {
      if (cost.isTooMuch) return { traces, position, isEnd: false };
      position = `${integerIn(row, "changed")}.${integerIn(row, "ref")}`;
      yield;
      if (!isWithin(row)) continue;
      cost.add(LOOK_COST);
      const found = filter === undefined ? infoOf(row) : yield* searched.look(row, filter, onSpans);
      if (found !== undefined) traces.push(found);
    }
    return { traces, position, isEnd: rows.length < limit };
  };
}

const POSITION = /^(\d{1,18})\.(\d{1,18})$/;
/** Behind every trace of a commit. */
const REF_MAX = 10n ** 18n - 1n;
