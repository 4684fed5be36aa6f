import { type Endpoint, GPT, GPT_MINI, type Model } from "./world.ts";

const HOUR_NS = 3_600_000_000_000n;

/** What is unusual at a moment. */
export interface Conditions {
  /** Of a provider's requests so many are refused as too many, from 0 to 1. */
  rateLimited(model: Model): number;
  /** How much longer a provider takes than it does usually. */
  slowness(model: Model): number;
  /** The models of an endpoint, in the order they are tried. */
  modelsOf(endpoint: Endpoint): Endpoint["models"];
  /** How many of those who call are the nightly batch, from 0 to 1, beside those who usually are. */
  readonly batchShare: number;
}

/**
 * What happened in the last day before `untilNs`, so that there is something to find: 14 to 9 hours before, Anthropic
 * refused a good part of all requests and was slow, so that fallbacks answered; since 6 hours, `support-chat` asks a
 * larger model, which costs five times as much and takes longer; 3 to 2 hours before, a batch ran that should have run
 * at night.
 */
export function conditionsAt(untilNs: bigint, atNs: bigint): Conditions {
  const hoursLeft = Number((untilNs - atNs) / 1_000_000n) / Number(HOUR_NS / 1_000_000n);
  const isRefused = hoursLeft < 14 && hoursLeft > 9;
  const isSwitched = hoursLeft < 6;
  return {
    rateLimited: ({ provider }) => (isRefused && provider === "anthropic" ? 0.55 : 0.006),
    slowness: ({ provider }) => (isRefused && provider === "anthropic" ? 2.8 : 1),
    modelsOf: ({ name, models }) => (isSwitched && name === "support-chat" ? [GPT, GPT_MINI] : models),
    batchShare: hoursLeft < 3 && hoursLeft > 2 ? 0.5 : 0,
  };
}
