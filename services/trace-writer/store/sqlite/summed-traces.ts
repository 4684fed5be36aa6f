import type { DatabaseSync } from "node:sqlite";
import type { TotalsSample } from "../../core/totals-cell.ts";
import { type BilledTrace, usageSampleOf } from "../../core/totals-samples.ts";
import { integerIn, optionalIntegerIn, optionalTextIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import { costIn, originIn, TOTALS, usageIn } from "./span-table.ts";

/** A piece of time: traces that began at `fromNs` or later, and before `toNs`. */
export interface Within {
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Reads what totals are added up from, row by row: for each row what it completes, so that one can stop in between. */
export interface SummedTraces {
  /** The full traces that an experiment owns. */
  billed(experimentId: bigint, within: Within): Generator<BilledTrace | undefined, void, void>;
  /** The agents' traces that it owns. */
  usage(experimentId: bigint, within: Within): Generator<TotalsSample, void, void>;
}

const WITHIN = "t.experiment_id = ? AND t.start_ns >= ? AND t.start_ns < ?";

/** Prepares the reads. */
export function openSummedTraces(db: DatabaseSync): SummedTraces {
  const spans = db.prepare(`
    SELECT t.ref, t.start_ns AS trace_start_ns, json_extract(t.metadata, '$."mlflow.gateway.caller"') AS caller, origin,
      s.start_ns, end_ns, failed, endpoint, provider, request_model, response_model, first_token_ns, ${TOTALS.join(", ")}
    FROM traces t INDEXED BY traces_owned CROSS JOIN spans s ON s.trace_ref = t.ref
    WHERE ${WITHIN} AND t.sealed = 1 ORDER BY t.start_ns DESC, t.trace_id`);
  const infos = db.prepare(`SELECT info FROM traces t INDEXED BY traces_owned WHERE ${WITHIN} AND t.sealed = 0`);
  return {
    *billed(experimentId, { fromNs, toNs }) {
      let trace: { readonly ref: bigint; readonly facts: Omit<BilledTrace, "spans">; readonly rows: Row[] } | undefined;
      const completed = () => trace && { ...trace.facts, spans: trace.rows.map(billedSpanIn) };
      for (const row of spans.iterate(experimentId, fromNs, toNs)) {
        const ref = integerIn(row, "ref");
        if (trace?.ref !== ref) {
          yield completed();
          const startNs = integerIn(row, "trace_start_ns");
          trace = { ref, facts: { startNs, experiment: "", caller: optionalTextIn(row, "caller") ?? "" }, rows: [] };
        }
        trace.rows.push(row);
        yield undefined;
      }
      yield completed();
    },
    *usage(experimentId, { fromNs, toNs }) {
      for (const row of infos.iterate(experimentId, fromNs, toNs)) yield usageSampleOf(infoIn(row), "");
    },
  };
}

function billedSpanIn(row: Row): BilledTrace["spans"][number] {
  return {
    origin: originIn(row),
    startNs: integerIn(row, "start_ns"),
    endNs: integerIn(row, "end_ns"),
    failed: integerIn(row, "failed") === 1n,
    endpoint: optionalTextIn(row, "endpoint"),
    provider: optionalTextIn(row, "provider"),
    requestModel: optionalTextIn(row, "request_model"),
    responseModel: optionalTextIn(row, "response_model"),
    usage: usageIn(row),
    cost: costIn(row),
    firstTokenNs: optionalIntegerIn(row, "first_token_ns"),
  };
}
