import { StoredFacts } from "#proto/twinspan/store/v1/stored_facts.ts";
import type { StoredSpan } from "#proto/twinspan/store/v1/stored_spans.ts";
import { type RolledSample, Rollup, type RollupPart, rolledSamplesOf } from "../../core/totals/rollup.ts";
import { type BilledSpan, usageSampleOf } from "../../core/totals/totals-samples.ts";
import type { TotalsUnit } from "../../core/totals/totals-units.ts";
import { bytesIn, integerIn, type Row } from "../columns.ts";
import { infoIn } from "../packed-info.ts";
import { originOf } from "../stored-rows.ts";
import type { Connection } from "./database.ts";
import { readChunks } from "./reader.ts";
import { storedSpansIn } from "./span-packing.ts";
import { uuidIn } from "./trace-rows.ts";

/** So many traces are read at a time; between them others have their turn. Some 15 ms. */
const PAGE = 250;

/** What each of some units of time came to, one after the other. */
export type Rollups<Unit> = AsyncGenerator<readonly [Unit, Rollup], void, void>;

/**
 * What an experiment's traces of each of some units of time came to, each as soon as it is read, in the order of the
 * units, which are descending: one at a time is held. `onRows` hears of how many traces and spans were read, and may
 * throw.
 */
export async function* readUnits<Unit extends Pick<TotalsUnit, "fromNs" | "toNs">>(
  connection: Connection,
  part: RollupPart,
  experimentId: bigint,
  units: readonly Unit[],
  onRows: (rows: number) => void,
): Rollups<Unit> {
  const [latest, earliest] = [units.at(0), units.at(-1)];
  if (latest === undefined || earliest === undefined) return;
  const left = units.values();
  let unit = left.next().value;
  let rollup = new Rollup();
  for await (const page of pagesOf(connection, part, experimentId, earliest.fromNs, latest.toNs)) {
    const { traces, rows } = await samplesOf(connection, part, page);
    onRows(rows);
    for (const { startNs, samples } of traces) {
      while (unit !== undefined && startNs < unit.fromNs) {
        yield [unit, rollup];
        rollup = new Rollup();
        unit = left.next().value;
      }
      // A trace may be between two units.
      if (unit === undefined || startNs >= unit.toNs) continue;
      for (const sample of samples) rollup.add(sample);
    }
  }
  for (; unit !== undefined; unit = left.next().value) {
    yield [unit, rollup];
    rollup = new Rollup();
  }
}

/** What is read of a trace beside its spans. */
const COLUMNS = { calls: ", facts", attempts: "", traces: ", info" } as const satisfies Record<RollupPart, string>;

/** An experiment's traces of the time, the latest first, page by page along their index. */
async function* pagesOf(
  connection: Connection,
  part: RollupPart,
  experimentId: bigint,
  fromNs: bigint,
  toNs: bigint,
): AsyncGenerator<readonly Row[]> {
  const condition = part === "traces" ? "NOT sealed" : "sealed";
  let [startNs, traceId] = [toNs, "f".repeat(32)];
  for (;;) {
    const page = await connection.rows(
      `SELECT ref, trace_id, start_ns, days${COLUMNS[part]} FROM traces
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

/** What a trace adds. */
interface TraceSamples {
  readonly startNs: bigint;
  readonly samples: readonly RolledSample[];
}

/** What traces add, in the order of their rows; and how many rows were read. */
async function samplesOf(
  connection: Connection,
  part: RollupPart,
  page: readonly Row[],
): Promise<{ readonly traces: readonly TraceSamples[]; readonly rows: number }> {
  if (part === "traces") {
    const traces = page.map((row) => {
      const sample = usageSampleOf(infoIn(row), "");
      return { startNs: integerIn(row, "start_ns"), samples: [{ groups: ["", ""] as const, sample }] };
    });
    return { traces, rows: page.length };
  }
  const chunks = Map.groupBy(await readChunks(connection, page, "day"), (row) => integerIn(row, "trace_ref"));
  let rows = 0;
  const traces = page.map((row) => {
    const stored = (chunks.get(integerIn(row, "ref")) ?? []).flatMap((chunk) => storedSpansIn(bytesIn(chunk, "rows")));
    rows += stored.length;
    const startNs = integerIn(row, "start_ns");
    const caller = part === "calls" ? (StoredFacts.decode(bytesIn(row, "facts")).metadata[CALLER] ?? "") : "";
    const trace = { startNs, experiment: "", caller, spans: stored.map(billedSpanOf) };
    return { startNs, samples: rolledSamplesOf(trace, part) };
  });
  return { traces, rows };
}

const CALLER = "mlflow.gateway.caller";

function billedSpanOf(stored: StoredSpan): BilledSpan {
  const { startNs, endNs, failed, endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs } = stored;
  const said = { endpoint, provider, requestModel, responseModel, usage, cost, firstTokenNs };
  return { origin: originOf(stored), startNs, endNs, failed, ...said };
}
