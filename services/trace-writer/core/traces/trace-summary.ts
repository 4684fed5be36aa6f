import { traceNameOf } from "#lib/ids.ts";
import { type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import { type Facet, facetsOf } from "../search/trace-facets.ts";
import { compareByRank } from "../spans/span-order.ts";
import type { NamedExperiment, StoredSpanRow } from "../spans/span-row.ts";
import { computedMetadataOf } from "./computed-metadata.ts";
import { claimedStateOf, endOf, type StoredClaim } from "./trace-claim.ts";
import { editedTagsOf, type TagEdits } from "./trace-tags.ts";
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
  /** In any order. At least one, where nobody claims the trace. */
  readonly rows: readonly StoredSpanRow[];
  /** What its agent says of it as a whole. Undefined: nothing. */
  readonly claim: StoredClaim | undefined;
  /** What was done to its tags. */
  readonly tagEdits: TagEdits;
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
  const { rows, tagEdits } = facts;
  const claim = facts.claim?.claim;
  const first = firstByRank(rows, () => true);
  const experiment = facts.claim?.experiment ?? ownerOf(rows);
  const { startNs, endNs } = intervalOf(rows, first, claim);
  const { usage, cost } = totalsOf(rows);
  const spanName = { "mlflow.traceName": first?.name ?? "" };
  const spansLocation = { "mlflow.trace.spansLocation": "TRACKING_STORE" };
  const tags = editedTagsOf({ ...spanName, ...claim?.tags, ...spansLocation }, tagEdits);
  const info: TraceInfo = {
    traceId: traceNameOf(facts.traceId),
    experimentId: experiment?.id.toString() ?? "",
    state: (claim && claimedStateOf(claim)) ?? stateOf(first),
    name: tags["mlflow.traceName"] ?? "",
    startTimeUnixNano: startNs,
    durationNanos: endNs - startNs,
    spanCount: rows.length,
    requestPreview: claim?.requestPreview || (first?.requestPreview ?? ""),
    responsePreview: claim?.responsePreview || (first?.responsePreview ?? ""),
    metadata: withoutUnset({
      "mlflow.trace.session": firstByRank(rows, ({ session }) => session !== undefined)?.session,
      "mlflow.trace.user": firstByRank(rows, ({ user }) => user !== undefined)?.user,
      ...claim?.metadata,
      ...facts.metadata,
      ...computedMetadataOf(usage, cost),
    }),
    tags,
    usage,
    cost,
    sealed: facts.sealed,
    linkedTraceIds: facts.linkedTraceIds.slice(0, LINKED_MAX).map(traceNameOf),
    clientRequestId: claim?.clientRequestId ?? "",
    // Nothing that is stored changes with the time: readers are told where it stands when they ask.
    unclaimed: false,
  };
  return { info, facets: facetsOf(rows, info), experiment };
}

/**
 * The experiment that owns a trace that nobody claims, by the rank of its rows: the one named with its first span,
 * where the gateway's own full trace or an agent wrote it; among mirrors only, the first that names one. Undefined: the
 * trace is pending.
 */
function ownerOf(rows: readonly StoredSpanRow[]): NamedExperiment | undefined {
  const owner =
    firstByRank(rows, ({ origin }) => origin === "full-gateway" || origin === "agent") ??
    firstByRank(rows, ({ experiment }) => experiment !== undefined);
  return owner?.experiment;
}

/** From the earliest start to the latest end. A claim, which MLflow writes in milliseconds, counts until a root is there. */
function intervalOf(rows: readonly StoredSpanRow[], first: StoredSpanRow | undefined, claim: TraceClaim | undefined) {
  const claimed =
    claim !== undefined && (first === undefined || first.parentId !== undefined)
      ? { startNs: claim.startTimeUnixNano, endNs: endOf(claim) }
      : undefined;
  const start = claimed ?? first;
  if (start === undefined) throw new Error("a trace has a span or a claim");
  let { startNs, endNs } = start;
  for (const row of rows) {
    if (row.startNs < startNs) startNs = row.startNs;
    if (row.endNs > endNs) endNs = row.endNs;
  }
  return { startNs, endNs };
}

/** By the first row in rank: without a root the trace is still in progress. */
function stateOf(first: StoredSpanRow | undefined): TraceState {
  if (first === undefined || first.parentId !== undefined) return TraceState.TRACE_STATE_IN_PROGRESS;
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
  const set: { [key: string]: string } = {};
  for (const key of Object.keys(values)) {
    const value = values[key];
    if (value !== undefined) set[key] = value;
  }
  return set;
}
