import type {
  EndpointDetails,
  EndpointModelDetails,
  EndpointPolicy,
  ModelPrice,
  RecentCalls,
} from "#proto/twinspan/gateway/v1/endpoint_details.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { type RecentTotals, WINDOW_MS } from "../core/routing/recent-calls.ts";
import type { Endpoint, EndpointOptions, PlannedModel } from "../endpoints/endpoints.ts";

/** How an endpoint is set, and how it does. What its calls come to is told where it `isOwn`. */
export function endpointDetailsOf({ options, turnstile, health }: Endpoint, isOwn: boolean): EndpointDetails {
  return {
    policy: policyOf(options),
    callsInFlight: isOwn ? BigInt(turnstile.inUse) : undefined,
    callsWaiting: isOwn ? BigInt(turnstile.waiting) : undefined,
    recent: isOwn ? recentOf(health.calls) : undefined,
  };
}

/** How a model of an endpoint is set, and how it does there, likewise. `nowNanos`: prices are of some day. */
export function modelDetailsOf({ options, health }: Endpoint, planned: PlannedModel, isOwn: boolean, nowNanos: bigint) {
  const { provider, model } = planned;
  const isOurs = options.credentials === "gateway";
  const recent = isOwn ? health.modelOf(provider.name, model) : undefined;
  return {
    price: priceOf(planned, nowNanos),
    unavailableReason: (isOurs && provider.unavailableReason) || "",
    recent: recent && recentOf(recent),
  } satisfies EndpointModelDetails;
}

function policyOf(options: EndpointOptions): EndpointPolicy {
  return {
    sticky: options.sticky,
    retriesMax: options.retries.max,
    attemptsMax: options.attemptsMax,
    hedgeAfterMs: BigInt(options.hedgeAfterMs ?? 0),
    callsMax: BigInt(options.concurrency.callsMax ?? 0),
    queueMax: BigInt(options.concurrency.queueMax),
    credentials: options.credentials,
    tracing: options.tracing,
    mirror: options.mirror,
    payload: options.payload.keep,
  };
}

/** Lists have prices that rise with a request's length: a thousand tokens are usual. */
const ASKED_TOKENS = 1000n;
const IN_A_MILLION = 1_000_000n / ASKED_TOKENS;

function priceOf({ costOf }: PlannedModel, nowNanos: bigint): ModelPrice | undefined {
  const cost = costOf(usageOf(ASKED_TOKENS), undefined, nowNanos);
  if (cost === undefined) return undefined;
  return {
    inputNanoUsdPerMillion: cost.inputNanoUsd * IN_A_MILLION,
    outputNanoUsdPerMillion: cost.outputNanoUsd * IN_A_MILLION,
    priceVersion: cost.priceVersion ?? "",
  };
}

function usageOf(tokens: bigint): Usage {
  return {
    inputTokens: tokens,
    outputTokens: tokens,
    totalTokens: 2n * tokens,
  };
}

function recentOf(totals: RecentTotals): RecentCalls {
  return {
    windowSeconds: BigInt(WINDOW_MS / 1000),
    count: BigInt(totals.count),
    errors: BigInt(totals.errors),
    errorsByType: totals.errorsByType.map(([type, count]) => ({ type, count: BigInt(count) })),
    duration: totals.duration,
    timeToFirstToken: totals.firstToken,
  };
}
