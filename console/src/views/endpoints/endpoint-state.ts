import { BreakerState, type Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";
import type { RecentCalls } from "#proto/twinspan/gateway/v1/endpoint_details.ts";
import type { Tone } from "../../components/tone.ts";

/** How an endpoint does, in a word. */
export interface EndpointState {
  readonly tone: Tone;
  readonly words: string;
}

/** From this share of its latest calls on that failed an endpoint is said to fail. */
const FAILING = 0.2;
/** Of fewer calls no share is told. */
const CALLS_MIN = 5;

/** A state that was not said, or is newer than this page, suspends nothing. */
const SUSPENDED: ReadonlySet<BreakerState> = new Set([
  BreakerState.BREAKER_STATE_OPEN,
  BreakerState.BREAKER_STATE_HALF_OPEN,
]);

/** How an endpoint does: what the operator must do first, then what its providers do, then what its calls came to. */
export function endpointStateOf({ unavailableReason, models, details }: Endpoint): EndpointState {
  if (unavailableReason !== "") return { tone: "bad", words: unavailableReason };
  const open = models.filter(({ breakerState }) => SUSPENDED.has(breakerState));
  if (open.length === models.length) return { tone: "bad", words: "all providers suspended" };
  const recent = details?.recent;
  if (isFailing(recent)) return { tone: "bad", words: "failing" };
  if (open.length > 0) return { tone: "wait", words: "a provider suspended" };
  if (models.some((model) => isFailing(model.details?.recent))) return { tone: "wait", words: "a model failing" };
  if ((details?.callsWaiting ?? 0n) > 0n) return { tone: "wait", words: "calls waiting" };
  if (recent === undefined) return { tone: "plain", words: "another workspace’s" };
  return recent.count === 0n ? { tone: "plain", words: "idle" } : { tone: "ok", words: "well" };
}

/** The share of them that failed. Undefined: there were none. */
export function errorShareOf(recent: RecentCalls | undefined): number | undefined {
  return recent === undefined || recent.count === 0n ? undefined : Number(recent.errors) / Number(recent.count);
}

function isFailing(recent: RecentCalls | undefined): boolean {
  return Number(recent?.count ?? 0n) >= CALLS_MIN && (errorShareOf(recent) ?? 0) >= FAILING;
}
