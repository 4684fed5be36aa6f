import type { PeerSettings } from "../config/sections/peers.ts";

/** What may be called twice, whole services or methods of one: it only reads. Who writes, and may, tries again by itself. */
const REPEATABLE = [
  { service: "twinspan.trace.v1.TraceReaderService" },
  { service: "twinspan.trace.v1.ExperimentService", method: "GetExperiment" },
  { service: "twinspan.trace.v1.ExperimentService", method: "ListExperiments" },
  { service: "twinspan.gateway.v1.EndpointService" },
];
const BACKOFF = { initialBackoff: "0.05s", maxBackoff: "0.5s", backoffMultiplier: 2 };
/** Calls are tried again while more than half of these tokens are left; a failure takes one. */
const RETRY_TOKENS = 100;
/** At most half of the copies are left alone at once: what they all fail is not any copy's fault. */
export const LEFT_ALONE_PERCENT_MAX = 50;
/** How much longer a copy is left alone, at the most, that fails again and again. */
export const LEFT_ALONE_TIMES_MAX = 10;

/**
 * gRPC's service config of a channel between services: calls go to all copies in turn, but for those that fail nearly
 * all of theirs; reads are tried again at the next copy where one is unavailable, within a budget.
 */
export function serviceConfigOf({ outliers, retries }: PeerSettings): string {
  const inTurn = { round_robin: {} };
  const policy = outliers.failedPercent === 0 ? inTurn : { outlier_detection: detectionOf(outliers, inTurn) };
  return JSON.stringify({
    loadBalancingConfig: [policy],
    ...(retries.attemptsMax === 1 ? {} : retryingOf(retries)),
  });
}

function detectionOf(outliers: PeerSettings["outliers"], child: object): object {
  const { failedPercent, callsMin, everyMs, leftAloneMs } = outliers;
  return {
    interval: durationOf(everyMs),
    base_ejection_time: durationOf(leftAloneMs),
    max_ejection_time: durationOf(LEFT_ALONE_TIMES_MAX * leftAloneMs),
    max_ejection_percent: LEFT_ALONE_PERCENT_MAX,
    // What it is compared with must be more than the threshold, and 100 percent must be possible.
    failure_percentage_ejection: { threshold: failedPercent - 0.01, minimum_hosts: 2, request_volume: callsMin },
    child_policy: [child],
  };
}

function retryingOf({ attemptsMax, budgetPercent }: PeerSettings["retries"]): object {
  const retryPolicy = { maxAttempts: attemptsMax, ...BACKOFF, retryableStatusCodes: ["UNAVAILABLE"] };
  return {
    methodConfig: [{ name: REPEATABLE, retryPolicy }],
    retryThrottling: { maxTokens: RETRY_TOKENS, tokenRatio: budgetPercent / 100 },
  };
}

function durationOf(ms: number): { readonly seconds: number; readonly nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}
