import { sumOfCosts, sumOfUsages } from "#lib/spans/usage.ts";
import { type TraceInfo, TraceState } from "#proto/twinspan/trace/v1/trace.ts";
import type { SpanRow } from "../spans/span-row.ts";
import type { TotalsRequest } from "./totals.ts";
import type { TotalsSample } from "./totals-cell.ts";

/** What totals are computed from of a span of a full trace. */
export type BilledSpan = Pick<
  SpanRow,
  | "origin"
  | "startNs"
  | "endNs"
  | "failed"
  | "endpoint"
  | "provider"
  | "requestModel"
  | "responseModel"
  | "usage"
  | "cost"
  | "firstTokenNs"
>;

/** A full trace, with all its spans. */
export interface BilledTrace {
  readonly startNs: bigint;
  readonly experiment: string;
  /** Empty: not known. */
  readonly caller: string;
  readonly spans: readonly BilledSpan[];
}

/** What a full trace adds: its attempts where they are grouped by model or provider, else the one call with their sums. */
export function billedSamplesOf(trace: BilledTrace, groupBy: TotalsRequest["groupBy"]): readonly TotalsSample[] {
  const attempts = trace.spans.filter(({ origin }) => origin === "full-attempt");
  if (groupBy === "model" || groupBy === "provider") {
    return attempts.map((attempt) => ({
      startNs: trace.startNs,
      group: (groupBy === "model" ? (attempt.requestModel ?? attempt.responseModel) : attempt.provider) ?? "",
      failed: attempt.failed,
      usage: attempt.usage,
      cost: attempt.cost,
      latencyNs: attempt.endNs - attempt.startNs,
      firstTokenNs: attempt.firstTokenNs,
    }));
  }
  return trace.spans
    .filter(({ origin }) => origin === "full-gateway")
    .map((call) => ({
      startNs: trace.startNs,
      group: groupOf(trace, call, groupBy),
      failed: call.failed,
      usage: sumOfUsages(attempts.map(({ usage }) => usage)),
      cost: sumOfCosts(attempts.map(({ cost }) => cost)),
      latencyNs: call.endNs - call.startNs,
      firstTokenNs: firstTokenOf(call, attempts),
    }));
}

/** What an agent's trace adds: itself, with each of its calls counted once. */
export function usageSampleOf(info: TraceInfo, group: string): TotalsSample {
  return {
    startNs: info.startTimeUnixNano,
    group,
    failed: info.state === TraceState.TRACE_STATE_ERROR,
    usage: info.usage,
    cost: info.cost,
    latencyNs: info.durationNanos,
    firstTokenNs: undefined,
  };
}

function groupOf(
  { experiment, caller }: BilledTrace,
  { endpoint }: BilledSpan,
  groupBy: TotalsRequest["groupBy"],
): string {
  switch (groupBy) {
    case "endpoint":
      return endpoint ?? "";
    case "experiment":
      return experiment;
    case "caller":
      return caller;
    default:
      return "";
  }
}

/** What the caller waited for the first token: attempts before the one that brought it are part of that. */
function firstTokenOf(call: BilledSpan, attempts: readonly BilledSpan[]): bigint | undefined {
  let first: bigint | undefined;
  for (const { startNs, firstTokenNs } of attempts) {
    if (firstTokenNs === undefined) continue;
    const waited = startNs - call.startNs + firstTokenNs;
    if (first === undefined || waited < first) first = waited;
  }
  return first;
}
