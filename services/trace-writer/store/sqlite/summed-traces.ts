import type { DatabaseSync } from "node:sqlite";
import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { callerIn } from "../../core/records/stored-caller.ts";
import type { TotalsSample } from "../../core/totals/totals-cell.ts";
import { type BilledTrace, usageSampleOf } from "../../core/totals/totals-samples.ts";
import { bytesIn, integerIn, type Row } from "../columns.ts";
import { originOf } from "../stored-rows.ts";
import { openBlockReads } from "./block-reads.ts";
import { openStoredBatches } from "./stored-batches.ts";
import { bareInfoIn, INFO_COLUMNS } from "./trace-info.ts";

/** A piece of time: traces that began at `fromNs` or later, and before `toNs`. */
export interface Within {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/**
 * Reads what totals are added up from, trace by trace. In between no statement is open, so that one can stop there, and
 * go on in another transaction as long as nothing has changed in that time.
 */
export interface SummedTraces {
  /** The full traces that an experiment owns. */
  billed(experimentId: bigint, within: Within): Generator<BilledTrace, void, void>;
  /** The agents' traces that it owns. */
  usage(experimentId: bigint, within: Within): Generator<TotalsSample, void, void>;
}

/** So many traces are found at a time. */
const PAGE_TRACES = 100;

/** Prepares the reads. */
export function openSummedTraces(db: DatabaseSync): SummedTraces {
  const blocks = openBlockReads(db);
  const batchesOf = openStoredBatches(db, blocks);
  const fulls = openWalk(db, "t.ref", "t.sealed = 1");
  const infos = openWalk(db, INFO_COLUMNS, "t.sealed = 0");
  return {
    *billed(experimentId, within) {
      try {
        for (const row of fulls(experimentId, within)) {
          // A full trace has one batch.
          const [batch] = batchesOf(integerIn(row, "ref"));
          if (batch === undefined) continue;
          const caller = callerIn(batch.spans);
          yield { startNs: integerIn(row, "at_ns"), experiment: "", caller, spans: batch.rows.map(billedSpanOf) };
        }
      } finally {
        blocks.letGo();
      }
    },
    *usage(experimentId, within) {
      for (const row of infos(experimentId, within)) yield usageSampleOf(bareInfoIn(row), "");
    },
  };
}

/** Walks through rows of traces with `columns`, `at_ns` and `key`, page by page: first those that began with the last one. */
function openWalk(db: DatabaseSync, columns: string, which: string) {
  const pageOf = (condition: string) =>
    db.prepare(`
      SELECT ${columns}, t.start_ns AS at_ns, t.trace_id AS key FROM traces t INDEXED BY traces_owned
      WHERE t.experiment_id = ? AND ${condition} AND ${which}
      ORDER BY t.start_ns, t.trace_id DESC LIMIT ${PAGE_TRACES}`);
  const first = pageOf("t.start_ns >= ? AND t.start_ns < ?");
  const later = pageOf("t.start_ns > ? AND t.start_ns < ?");
  const together = pageOf("t.start_ns = ? AND t.trace_id < ?");
  return function* (experimentId: bigint, { fromNs, toNs }: Within): Generator<Row, void, void> {
    let page = first.all(experimentId, fromNs, toNs);
    for (;;) {
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      const atNs = integerIn(last, "at_ns");
      page = together.all(experimentId, atNs, bytesIn(last, "key"));
      if (page.length === 0) page = later.all(experimentId, atNs, toNs);
    }
  };
}

function billedSpanOf(stored: StoredSpan): BilledTrace["spans"][number] {
  const { endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs } = stored;
  const said = { endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs };
  return { ...said, origin: originOf(stored), startNs: stored.startNs, endNs: stored.endNs, failed: stored.failed };
}
