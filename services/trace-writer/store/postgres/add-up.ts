import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals.ts";
import { type BilledSpan, billedSamplesOf, usageSampleOf } from "../../core/totals-samples.ts";
import { bytesIn, integerIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import type { Connection } from "./database.ts";
import { findExperiment } from "./experiment-rows.ts";
import { readChunks } from "./reader.ts";
import { originOf, storedSpansIn } from "./span-packing.ts";
import { uuidIn } from "./trace-rows.ts";

/** So many traces are read at a time; between them others have their turn. */
const PAGE = 1000;
/** So many traces and spans are read for one answer: some seconds. */
const ROWS_MAX = 2_000_000;

/** Adds up, as `TraceStore.totals` says, over a connection that sees one moment. */
export async function addUp(
  connection: Connection,
  workspace: string,
  request: TotalsRequest,
  signal: AbortSignal,
): Promise<readonly TotalsPoint[]> {
  const totals = new Totals(request);
  let rows = 0;
  for (const id of new Set(request.experimentIds)) {
    const experiment = await findExperiment(connection, workspace, { $case: "id", value: id.toString() });
    if (experiment === undefined) continue;
    for await (const page of pagesOf(connection, request, id)) {
      signal.throwIfAborted();
      rows +=
        request.of === "billed"
          ? await addBilled(connection, request, experiment.name, page, totals)
          : addUsage(request, experiment.name, page, totals);
      if (rows > ROWS_MAX) throw tooMuch("traces and spans", ROWS_MAX);
    }
  }
  signal.throwIfAborted();
  return totals.points();
}

/** An experiment's traces of the time, page by page along their index. */
async function* pagesOf(
  connection: Connection,
  { of, fromNs, toNs }: TotalsRequest,
  experimentId: bigint,
): AsyncGenerator<readonly Row[]> {
  const condition = of === "billed" ? "sealed" : "NOT sealed";
  let [startNs, traceId] = [toNs, "f".repeat(32)];
  for (;;) {
    const page = await connection.rows(
      `SELECT ref, trace_id, start_ns, days, info FROM traces
        WHERE experiment_id = $1 AND start_ns >= $2 AND start_ns < $3 AND ${condition}
          AND start_ns <= $4 AND (start_ns < $4 OR trace_id > $5)
        ORDER BY start_ns DESC, trace_id LIMIT ${PAGE}`,
      [experimentId, fromNs, toNs, startNs, traceId],
    );
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    [startNs, traceId] = [integerIn(last, "start_ns"), uuidIn(last, "trace_id")];
  }
}

async function addBilled(
  connection: Connection,
  { groupBy }: TotalsRequest,
  experiment: string,
  page: readonly Row[],
  totals: Totals,
): Promise<number> {
  const chunks = Map.groupBy(await readChunks(connection, page, "day"), (row) => integerIn(row, "trace_ref"));
  let rows = 0;
  for (const row of page) {
    const stored = (chunks.get(integerIn(row, "ref")) ?? []).flatMap((chunk) => storedSpansIn(bytesIn(chunk, "rows")));
    const caller = groupBy === "caller" ? (infoIn(row).metadata[CALLER] ?? "") : "";
    const spans = stored.map(billedSpanOf);
    const trace = { startNs: integerIn(row, "start_ns"), experiment, caller, spans };
    for (const sample of billedSamplesOf(trace, groupBy)) totals.add(sample);
    rows += spans.length;
  }
  return rows;
}

const CALLER = "mlflow.gateway.caller";

function addUsage({ groupBy }: TotalsRequest, experiment: string, page: readonly Row[], totals: Totals): number {
  const group = groupBy === undefined ? "" : experiment;
  for (const row of page) totals.add(usageSampleOf(infoIn(row), group));
  return page.length;
}

function billedSpanOf(stored: StoredSpan): BilledSpan {
  const { startNs, endNs, failed, endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs } = stored;
  const said = { endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs };
  return { origin: originOf(stored), startNs, endNs, failed, ...said };
}
