import { TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import { Totals, type TotalsPoint, type TotalsRequest, tooMuch } from "../../core/totals/totals.ts";
import { billedSamplesOf, usageSampleOf } from "../../core/totals/totals-samples.ts";
import type { Connection } from "./connection.ts";
import type { Experiments } from "./experiment-table.ts";
import { RowReader } from "./row-binary.ts";
import { readSpanRows } from "./span-codec.ts";

/** So many traces are read for one answer: some seconds. */
const TRACES_MAX = 1_000_000;
/** So many are read at a time: that is what is held of them. */
const TURN_TRACES = 5000;

/**
 * Adds up, as `TraceStore.totals` says, over the lists: those have each trace once, as it was last listed, however
 * often its spans were written. Spans are never summed as they come in.
 */
export async function addUp(
  connection: Connection,
  experiments: Experiments,
  workspace: string,
  request: TotalsRequest,
  signal: AbortSignal,
): Promise<readonly TotalsPoint[]> {
  const totals = new Totals(request);
  let traces = 0;
  for (const id of new Set(request.experimentIds)) {
    const experiment = experiments.find(workspace, { $case: "id", value: id.toString() });
    if (experiment === undefined) continue;
    let after: Listed | undefined;
    do {
      signal.throwIfAborted();
      const rows: readonly Listed[] = await readTurn(connection, workspace, id, request, after);
      for (const row of rows) addTrace(totals, request, experiment.name, row);
      traces += rows.length;
      if (traces > TRACES_MAX) throw tooMuch("traces", TRACES_MAX);
      after = rows.length === TURN_TRACES ? rows.at(-1) : undefined;
    } while (after !== undefined);
  }
  return totals.points();
}

interface Listed {
  readonly startKey: bigint;
  readonly traceId: string;
  readonly info: TraceInfo;
  readonly calls: Uint8Array;
}

function readTurn(
  connection: Connection,
  workspace: string,
  experimentId: bigint,
  { of, fromNs, toNs }: TotalsRequest,
  after: Listed | undefined,
): Promise<readonly Listed[]> {
  const behind =
    after === undefined ? "" : `AND (start_key, trace_id) > (${after.startKey}, unhex('${after.traceId}'))`;
  return connection.query(
    `SELECT start_key, trace_id, info, calls FROM traces FINAL
    WHERE workspace = {workspace:String} AND experiment_id = {experimentId:Int64}
      AND start_key > {startKeyOver:Int64} AND start_key <= {startKeyMax:Int64}
      AND sealed = ${of === "billed" ? 1 : 0} ${behind}
    ORDER BY start_key, trace_id LIMIT ${TURN_TRACES}`,
    { workspace, experimentId, startKeyOver: -toNs, startKeyMax: -fromNs },
    (reader) => ({
      startKey: reader.int64(),
      traceId: reader.id(16),
      info: TraceInfo.decode(reader.bytes()),
      calls: reader.bytes(),
    }),
  );
}

function addTrace(totals: Totals, { of, groupBy }: TotalsRequest, experiment: string, { info, calls }: Listed): void {
  if (of === "usage") {
    totals.add(usageSampleOf(info, groupBy === undefined ? "" : experiment));
    return;
  }
  const spans = readSpanRows(new RowReader(calls), undefined).filter((row) => row !== undefined);
  const caller = info.metadata["mlflow.gateway.caller"] ?? "";
  const trace = { startNs: info.startTimeUnixNano, experiment, caller, spans };
  for (const sample of billedSamplesOf(trace, groupBy)) totals.add(sample);
}
