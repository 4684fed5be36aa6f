import type { ResourceSpans, Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";
import { InvocationRecord } from "#proto/twinspan/trace/v1/invocation_record.ts";
import { type Trace, type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import { sortSpans } from "../../../services/trace-writer/core/exports/span-sorting.ts";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";
import { parseTraceOrder } from "../../../services/trace-writer/core/search/trace-order.ts";
import { canonicalClaimOf, checkClaim } from "../../../services/trace-writer/core/traces/trace-claim.ts";
import { digest } from "../../../services/trace-writer/store/digest.ts";
import type { ExperimentChoice, TraceScope } from "../../../services/trace-writer/store/trace-reads.ts";
import type { RecordOutcome, TraceStore } from "../../../services/trace-writer/store/trace-store.ts";
import { resourceSpans, T0 } from "./sample-traces.ts";

const LATEST = 2n ** 63n - 1n;
const never = new AbortController().signal;

/** Writes records as the service does, those that name no workspace into `workspace`. One that breaks a rule fails the test. */
export async function writeRecords(
  store: TraceStore,
  records: readonly InvocationRecord[],
  workspace = "default",
): Promise<readonly RecordOutcome[]> {
  const within = <Half extends { workspace: string }>(half: Half | undefined) =>
    half && { ...half, workspace: half.workspace || workspace };
  const outcomes = await store.writeRecords(
    records.map((record) => {
      const here = { ...record, full: within(record.full), mirror: within(record.mirror) };
      return InvocationRecord.encode(here).finish();
    }),
    never,
  );
  for (const { outcome, ...told } of outcomes) {
    if (outcome === "refused") throw new Error(`the sample breaks a rule: ${JSON.stringify(told)}`);
  }
  return outcomes;
}

/** Writes agents' spans as the service does, under an experiment's name or another choice. */
export function writeSpans(
  store: TraceStore,
  experiment: string | ExperimentChoice,
  spans: readonly Span[] | readonly ResourceSpans[],
  workspace = "default",
) {
  const groups = spans.flatMap((item) => ("scopeSpans" in item ? item : resourceSpans([item])));
  const { batches, rejected } = sortSpans(groups, LATEST, digest);
  if (rejected.size > 0) throw new Error("the sample spans break a rule");
  const choice = typeof experiment === "string" ? ({ $case: "name", value: experiment } as const) : experiment;
  return store.writeSpans(workspace, choice, batches, never);
}

/** The first page of a search: of everything in its scope, newest first, where it asks for nothing else. */
export async function searchTraces(
  store: TraceStore,
  scope: TraceScope,
  asked: { readonly workspace?: string; readonly filter?: string; readonly orderBy?: string } = {},
): Promise<readonly TraceInfo[]> {
  const search = { scope, filter: parseFilter(asked.filter ?? ""), order: parseTraceOrder(asked.orderBy ?? "") };
  return (await store.searchTraces(asked.workspace ?? "default", search, 500, undefined)).traces;
}

/** What is said of a sample trace as a whole, where nothing else is said. */
const CLAIM: TraceClaim = {
  traceId: "",
  experiment: undefined,
  state: TraceState.TRACE_STATE_UNSPECIFIED,
  startTimeUnixNano: T0,
  durationNanos: 0n,
  clientRequestId: "",
  requestPreview: "",
  responsePreview: "",
  metadata: {},
  tags: {},
};

/** Claims a trace as the service does, under an experiment's name or another choice. */
export function claimTrace(
  store: TraceStore,
  experiment: string | ExperimentChoice,
  said: Partial<TraceClaim>,
  workspace = "default",
) {
  const choice = typeof experiment === "string" ? ({ $case: "name", value: experiment } as const) : experiment;
  const claim = { ...CLAIM, ...said, experiment: { ref: choice } };
  const fault = checkClaim(claim);
  if (fault !== undefined) throw new Error(`the sample claim breaks a rule: ${fault}`);
  return store.claimTrace(workspace, choice, canonicalClaimOf(claim), never);
}

/** The spans of a trace in the order read. */
export function spansOf(trace: Trace | undefined): readonly Span[] {
  return (trace?.resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** Everything in a message as text, its bytes included: to look for a canary in. */
export function textOf(message: unknown): string {
  return JSON.stringify(message, (_key, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    const isBuffer = typeof value === "object" && value !== null && "type" in value && value.type === "Buffer";
    return isBuffer && "data" in value && Array.isArray(value.data)
      ? Buffer.from(value.data).toString("latin1")
      : value;
  });
}
