import { traceNameOf } from "#lib/ids.ts";
import { mlflowCostOf, mlflowUsageOf } from "#lib/spans/usage.ts";
import { type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import { compareByRank } from "./span-order.ts";
import type { NamedExperiment, StoredSpanRow } from "./span-row.ts";
import { type Facet, facetsOf } from "./trace-facets.ts";
import { totalsOf } from "./trace-usage.ts";

/** The other twins that a trace names, at the most. */
export const LINKED_MAX = 100;

/** All that is known of a trace: the set of its rows, and what stands beside them. */
export interface TraceFacts {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Whether it is a full trace. */
  readonly sealed: boolean;
  /** What the record says of it. Empty for agents' traces. */
  readonly metadata: Readonly<Record<string, string>>;
  /** At least one, in any order. */
  readonly rows: readonly StoredSpanRow[];
  /** The traces that hold its other twins, by time: 32 hex digits each. */
  readonly linkedTraceIds: readonly string[];
}

/** What a list shows of a trace, what it is looked up by, and who owns it. */
export interface TraceSummary {
  readonly info: TraceInfo;
  readonly facets: readonly Facet[];
  /** Undefined: the trace is pending. */
  readonly experiment: NamedExperiment | undefined;
}

/** The summary of a trace. It follows from the facts alone, so neither order nor repetition of arrivals shows. */
export function summaryOf(facts: TraceFacts): TraceSummary {
  const { rows } = facts;
  const first = firstByRank(rows, () => true);
  if (first === undefined) throw new Error("a trace has at least one span");
  const experiment = ownerOf(rows);
  const startNs = rows.reduce((earliest, row) => (row.startNs < earliest ? row.startNs : earliest), first.startNs);
  const endNs = rows.reduce((latest, row) => (row.endNs > latest ? row.endNs : latest), first.endNs);
  const { usage, cost } = totalsOf(rows);
  const info: TraceInfo = {
    traceId: traceNameOf(facts.traceId),
    experimentId: experiment?.id.toString() ?? "",
    state: stateOf(first),
    name: first.name,
    startTimeUnixNano: startNs,
    durationNanos: endNs - startNs,
    spanCount: rows.length,
    requestPreview: first.requestPreview,
    responsePreview: first.responsePreview,
    metadata: withoutUnset({
      "mlflow.trace.session": firstByRank(rows, ({ session }) => session !== undefined)?.session,
      "mlflow.trace.user": firstByRank(rows, ({ user }) => user !== undefined)?.user,
      ...facts.metadata,
      "mlflow.trace_schema.version": "3",
      "mlflow.trace.tokenUsage": usage && mlflowUsageOf(usage),
      "mlflow.trace.cost": cost && mlflowCostOf(cost),
      "twinspan.usage.estimated": usage?.estimated ? "true" : undefined,
      "twinspan.cost.price_version": cost?.priceVersion,
    }),
    tags: { "mlflow.traceName": first.name, "mlflow.trace.spansLocation": "TRACKING_STORE" },
    usage,
    cost,
    sealed: facts.sealed,
    linkedTraceIds: facts.linkedTraceIds.slice(0, LINKED_MAX).map(traceNameOf),
  };
  return { info, facets: facetsOf(rows, info.metadata), experiment };
}

/**
 * The experiment that owns a trace, by the rank of its rows: the one named with its first span, where the gateway's own
 * full trace or an agent wrote it; among mirrors only, the first that names one. Undefined: the trace is pending.
 */
function ownerOf(rows: readonly StoredSpanRow[]): NamedExperiment | undefined {
  const owner =
    firstByRank(rows, ({ origin }) => origin === "full-gateway" || origin === "agent") ??
    firstByRank(rows, ({ experiment }) => experiment !== undefined);
  return owner?.experiment;
}

/** By the first row in rank: without a root the trace is still in progress. */
function stateOf(first: StoredSpanRow): TraceState {
  if (first.parentId !== undefined) return TraceState.TRACE_STATE_IN_PROGRESS;
  return first.failed ? TraceState.TRACE_STATE_ERROR : TraceState.TRACE_STATE_OK;
}

/** One pass: a trace is summed up at every commit that adds to it, and sorting thousands of rows each time would show. */
function firstByRank(
  rows: readonly StoredSpanRow[],
  counts: (row: StoredSpanRow) => boolean,
): StoredSpanRow | undefined {
  let first: StoredSpanRow | undefined;
  for (const row of rows) {
    if (counts(row) && (first === undefined || compareByRank(row, first) < 0)) first = row;
  }
  return first;
}

function withoutUnset(values: Readonly<Record<string, string | undefined>>): { [key: string]: string } {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
