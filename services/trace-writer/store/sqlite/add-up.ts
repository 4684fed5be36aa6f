import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { CELLS_MAX, Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals.ts";
import { TotalsCell, type TotalsSample } from "../../core/totals-cell.ts";
import { type BilledTrace, billedSamplesOf, usageSampleOf } from "../../core/totals-samples.ts";
import { type TotalsUnit, totalsUnitsOf } from "../../core/totals-units.ts";
import { integerIn, optionalIntegerIn, optionalTextIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import type { AddedUp, UnitCells } from "./added-up.ts";
import { openChangedHourReads } from "./changed-hours.ts";
import { openExperimentTable } from "./experiment-table.ts";
import { costIn, originIn, TOTALS, usageIn } from "./span-table.ts";

/** So many rows are read at a time; between them others have their turn. Some 2 ms. */
const TURN_ROWS = 500;
/** So many rows, of traces and of spans, are read for one answer: some seconds. */
const ROWS_MAX = 2_000_000;

/**
 * Adds up, as `TraceStore.totals` says, over a connection that nothing else uses meanwhile: it is one transaction, and so
 * one moment, that lasts over many turns. What was added up before, and has not changed since, is taken from `addedUp`.
 */
export async function addUp(
  db: DatabaseSync,
  workspace: string,
  request: TotalsRequest,
  addedUp: AddedUp,
  signal: AbortSignal,
): Promise<readonly TotalsPoint[]> {
  const totals = new Totals(request);
  db.exec("BEGIN");
  try {
    const experiments = openExperimentTable(db);
    const hoursOf = openChangedHourReads(db);
    const samplesOf = request.of === "billed" ? openBilled(db, request) : openUsage(db);
    let steps = 0;
    const step = async () => {
      steps += 1;
      if (steps > ROWS_MAX) throw tooMuch("traces and spans", ROWS_MAX);
      if (steps % TURN_ROWS === 0) await setImmediate();
      signal.throwIfAborted();
    };
    for (const id of new Set(request.experimentIds)) {
      const experiment = experiments.find(workspace, { $case: "id", value: id.toString() });
      if (experiment === undefined) continue;
      for (const unit of totalsUnitsOf(request, hoursOf(id, request.fromNs, request.toNs))) {
        let cells = addedUp.find(id, unit, request);
        if (cells === undefined) {
          cells = await cellsOf(samplesOf(id, unit), step);
          addedUp.keep(id, unit, request, cells);
        }
        for (const [group, cell] of cells) {
          totals.addCell(unit.fromNs, request.groupBy === "experiment" ? experiment.name : group, cell);
        }
        await step();
      }
    }
    return totals.points();
  } finally {
    db.exec("COMMIT");
  }
}

/** Gives the samples of an experiment within a time: for each row that is read those it completes, mostly none. */
type SamplesOf = (experimentId: bigint, within: TotalsUnit) => Generator<readonly TotalsSample[], void, void>;

async function cellsOf(samples: ReturnType<SamplesOf>, step: () => Promise<void>): Promise<UnitCells> {
  const cells = new Map<string, TotalsCell>();
  for (const completed of samples) {
    for (const sample of completed) {
      const cell = cells.get(sample.group) ?? new TotalsCell();
      cells.set(sample.group, cell);
      if (cells.size > CELLS_MAX) throw tooMuch("groups and buckets", CELLS_MAX);
      cell.add(sample);
    }
    await step();
  }
  return cells;
}

const WITHIN = "t.experiment_id = ? AND t.start_ns >= ? AND t.start_ns < ?";

function openBilled(db: DatabaseSync, { groupBy }: TotalsRequest): SamplesOf {
  const caller = groupBy === "caller" ? `json_extract(t.metadata, '$."mlflow.gateway.caller"')` : "NULL";
  const query = db.prepare(`
    SELECT t.ref, t.start_ns AS trace_start_ns, ${caller} AS caller, origin, s.start_ns, end_ns, failed, endpoint, provider,
      request_model, response_model, first_token_ns, ${TOTALS.join(", ")}
    FROM traces t INDEXED BY traces_owned CROSS JOIN spans s ON s.trace_ref = t.ref
    WHERE ${WITHIN} AND t.sealed = 1 ORDER BY t.start_ns DESC, t.trace_id`);
  return function* (experimentId, { fromNs, toNs }) {
    let trace: { readonly ref: bigint; readonly facts: Omit<BilledTrace, "spans">; readonly rows: Row[] } | undefined;
    const samples = () =>
      trace === undefined ? [] : billedSamplesOf({ ...trace.facts, spans: trace.rows.map(billedSpanIn) }, groupBy);
    for (const row of query.iterate(experimentId, fromNs, toNs)) {
      const ref = integerIn(row, "ref");
      if (trace?.ref !== ref) {
        yield samples();
        const startNs = integerIn(row, "trace_start_ns");
        trace = { ref, facts: { startNs, experiment: "", caller: optionalTextIn(row, "caller") ?? "" }, rows: [] };
      }
      trace.rows.push(row);
      yield [];
    }
    yield samples();
  };
}

function openUsage(db: DatabaseSync): SamplesOf {
  const query = db.prepare(`SELECT info FROM traces t INDEXED BY traces_owned WHERE ${WITHIN} AND t.sealed = 0`);
  return function* (experimentId, { fromNs, toNs }) {
    for (const row of query.iterate(experimentId, fromNs, toNs)) yield [usageSampleOf(infoIn(row), "")];
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
