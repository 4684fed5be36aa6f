import type { DatabaseSync } from "node:sqlite";
import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { callerIn } from "../../core/records/stored-caller.ts";
import type { TotalsSample } from "../../core/totals/totals-cell.ts";
import { type BilledTrace, usageSampleOf } from "../../core/totals/totals-samples.ts";
import { integerIn } from "../columns.ts";
import { originOf } from "../stored-rows.ts";
import { openBlockReads } from "./block-reads.ts";
import { openStoredBatches } from "./stored-batches.ts";
import { bareInfoIn, INFO_COLUMNS } from "./trace-info.ts";

/** A piece of time: traces that began at `fromNs` or later, and before `toNs`. */
export interface Within {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Reads what totals are added up from, trace by trace, so that one can stop in between. */
export interface SummedTraces {
  /** The full traces that an experiment owns. */
  billed(experimentId: bigint, within: Within): Generator<BilledTrace, void, void>;
  /** The agents' traces that it owns. */
  usage(experimentId: bigint, within: Within): Generator<TotalsSample, void, void>;
}

const WITHIN = "t.experiment_id = ? AND t.start_ns >= ? AND t.start_ns < ?";

/** Prepares the reads. */
export function openSummedTraces(db: DatabaseSync): SummedTraces {
  const blocks = openBlockReads(db);
  const batchesOf = openStoredBatches(db, blocks);
  const fulls = db.prepare(
    `SELECT ref, start_ns FROM traces t INDEXED BY traces_owned WHERE ${WITHIN} AND t.sealed = 1`,
  );
  const infos = db.prepare(
    `SELECT ${INFO_COLUMNS} FROM traces t INDEXED BY traces_owned WHERE ${WITHIN} AND t.sealed = 0`,
  );
  return {
    *billed(experimentId, { fromNs, toNs }) {
      try {
        for (const row of fulls.iterate(experimentId, fromNs, toNs)) {
          // A full trace has one batch.
          const [batch] = batchesOf(integerIn(row, "ref"));
          if (batch === undefined) continue;
          const caller = callerIn(batch.spans);
          yield { startNs: integerIn(row, "start_ns"), experiment: "", caller, spans: batch.rows.map(billedSpanOf) };
        }
      } finally {
        blocks.letGo();
      }
    },
    *usage(experimentId, { fromNs, toNs }) {
      for (const row of infos.iterate(experimentId, fromNs, toNs)) yield usageSampleOf(bareInfoIn(row), "");
    },
  };
}

function billedSpanOf(stored: StoredSpan): BilledTrace["spans"][number] {
  const { endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs } = stored;
  const said = { endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs };
  return { ...said, origin: originOf(stored), startNs: stored.startNs, endNs: stored.endNs, failed: stored.failed };
}
