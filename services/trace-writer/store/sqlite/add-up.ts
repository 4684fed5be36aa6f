import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals.ts";
import { type BilledTrace, billedSamplesOf, usageSampleOf } from "../../core/totals-samples.ts";
import { integerIn, optionalIntegerIn, optionalTextIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import { openExperimentTable } from "./experiment-table.ts";
import { costIn, originIn, TOTALS, usageIn } from "./span-table.ts";

/** So many rows are read at a time; between them others have their turn. Some 2 ms. */
const TURN_ROWS = 500;
/** So many rows, of traces and of spans, are read for one answer: some seconds. */
const ROWS_MAX = 2_000_000;

/**
 * Adds up, as `TraceStore.totals` says, over a connection that nothing else uses meanwhile: it is one transaction, and so
 * one moment, that lasts over many turns.
 */
export async function addUp(
  db: DatabaseSync,
  workspace: string,
  request: TotalsRequest,
  signal: AbortSignal,
): Promise<readonly TotalsPoint[]> {
  const totals = new Totals(request);
  db.exec("BEGIN");
  try {
    const experiments = openExperimentTable(db);
    let rows = 0;
    for (const id of new Set(request.experimentIds)) {
      const experiment = experiments.find(workspace, { $case: "id", value: id.toString() });
      if (experiment === undefined) continue;
      for (const row of walk(db, request, id, experiment.name, totals)) {
        rows += row;
        if (rows > ROWS_MAX) throw tooMuch("traces and spans", ROWS_MAX);
        if (rows % TURN_ROWS === 0) await setImmediate();
        signal.throwIfAborted();
      }
    }
    return totals.points();
  } finally {
    db.exec("COMMIT");
  }
}

/** Adds an experiment's traces to the totals. Yields once for each row, so that its user can stop or wait. */
function walk(db: DatabaseSync, request: TotalsRequest, id: bigint, name: string, totals: Totals): Generator<1> {
  return request.of === "billed" ? walkBilled(db, request, id, name, totals) : walkUsage(db, request, id, name, totals);
}

const WITHIN = "t.experiment_id = ? AND t.start_ns >= ? AND t.start_ns < ?";

function* walkBilled(
  db: DatabaseSync,
  request: TotalsRequest,
  id: bigint,
  experiment: string,
  totals: Totals,
): Generator<1, void, void> {
  const caller = request.groupBy === "caller" ? `json_extract(t.metadata, '$."mlflow.gateway.caller"')` : "NULL";
  const query = db.prepare(`
    SELECT t.ref, t.start_ns AS trace_start_ns, ${caller} AS caller, origin, s.start_ns, end_ns, failed, endpoint, provider,
      request_model, response_model, first_token_ns, ${TOTALS.join(", ")}
    FROM traces t INDEXED BY traces_owned CROSS JOIN spans s ON s.trace_ref = t.ref
    WHERE ${WITHIN} AND t.sealed = 1 ORDER BY t.start_ns DESC, t.trace_id`);
  let trace: { readonly ref: bigint; readonly facts: Omit<BilledTrace, "spans">; readonly rows: Row[] } | undefined;
  const addTrace = () => {
    if (trace === undefined) return;
    const spans = trace.rows.map(billedSpanIn);
    for (const sample of billedSamplesOf({ ...trace.facts, spans }, request.groupBy)) totals.add(sample);
  };
  for (const row of query.iterate(id, request.fromNs, request.toNs)) {
    const ref = integerIn(row, "ref");
    if (trace?.ref !== ref) {
      addTrace();
      const startNs = integerIn(row, "trace_start_ns");
      trace = { ref, facts: { startNs, experiment, caller: optionalTextIn(row, "caller") ?? "" }, rows: [] };
    }
    trace.rows.push(row);
    yield 1;
  }
  addTrace();
}

function* walkUsage(
  db: DatabaseSync,
  request: TotalsRequest,
  id: bigint,
  experiment: string,
  totals: Totals,
): Generator<1, void, void> {
  const group = request.groupBy === undefined ? "" : experiment;
  const query = db.prepare(`SELECT info FROM traces t INDEXED BY traces_owned WHERE ${WITHIN} AND t.sealed = 0`);
  for (const row of query.iterate(id, request.fromNs, request.toNs)) {
    totals.add(usageSampleOf(infoIn(row), group));
    yield 1;
  }
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
