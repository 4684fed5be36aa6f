import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";

/** What a model costs, set by the operator: in US dollars for a million tokens, and for each request. */
export interface Price {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  /** Parts of the input. Undefined: as the input. */
  readonly cacheReadPerMillion?: number | undefined;
  readonly cacheWritePerMillion?: number | undefined;
  readonly audioInputPerMillion?: number | undefined;
  /** Parts of the output. Undefined: as the output. */
  readonly reasoningPerMillion?: number | undefined;
  readonly audioOutputPerMillion?: number | undefined;
  readonly perRequest: number;
}

/** The version of an operator's own prices. */
const CONFIGURATION = "configuration";

/**
 * The cost of a request and its usage at a price, exact, each sum rounded once to a billionth of a dollar. A part of
 * the tokens that has a price of its own is taken out of the whole. Undefined: neither tokens nor a price for the
 * request alone.
 */
export function costAt(price: Price, usage: Usage | undefined): Cost | undefined {
  const requestNanoUsd = nanoUsdOf(price.perRequest);
  if (usage === undefined && requestNanoUsd === 0n) return undefined;
  const { inputPerMillion: input, outputPerMillion: output } = price;
  const inputNanoUsd = nanoUsdOfTokens(usage?.inputTokens, input, [
    [usage?.cacheReadInputTokens, price.cacheReadPerMillion ?? input],
    [usage?.cacheWriteInputTokens, price.cacheWritePerMillion ?? input],
    [usage?.audioInputTokens, price.audioInputPerMillion ?? input],
  ]);
  const outputNanoUsd = nanoUsdOfTokens(usage?.outputTokens, output, [
    [usage?.reasoningOutputTokens, price.reasoningPerMillion ?? output],
    [usage?.audioOutputTokens, price.audioOutputPerMillion ?? output],
  ]);
  const totalNanoUsd = inputNanoUsd + outputNanoUsd + requestNanoUsd;
  return { inputNanoUsd, outputNanoUsd, totalNanoUsd, priceVersion: CONFIGURATION };
}

type Part = readonly [tokens: bigint | undefined, perMillion: number];

/** A part that is larger than what is left of the whole is cut to it: no token is paid for twice. */
function nanoUsdOfTokens(whole: bigint | undefined, perMillion: number, parts: readonly Part[]): bigint {
  let left = whole ?? 0n;
  let nanoUsdTimesMillion = 0n;
  for (const [tokens, partPerMillion] of parts) {
    if (!tokens) continue;
    const part = tokens < left ? tokens : left;
    nanoUsdTimesMillion += part * nanoUsdOf(partPerMillion);
    left -= part;
  }
  nanoUsdTimesMillion += left * nanoUsdOf(perMillion);
  return (nanoUsdTimesMillion + 500_000n) / 1_000_000n;
}

/** A hundred thousand dollars. No call costs more; the trace-writer would refuse a record that says so. */
const NANO_USD_MAX = 10n ** 14n;

/** A cost, where it can be one. Undefined: none is known, or it is beyond what a call can cost. */
export function plausibleCostOf(cost: Cost | undefined): Cost | undefined {
  if (cost === undefined) return undefined;
  const { inputNanoUsd, outputNanoUsd, totalNanoUsd } = cost;
  const isPlausible = [inputNanoUsd, outputNanoUsd, totalNanoUsd].every((nano) => nano >= 0n && nano <= NANO_USD_MAX);
  return isPlausible ? cost : undefined;
}

/** US dollars as billionths, rounded to the nearest. */
export function nanoUsdOf(usd: number): bigint {
  return BigInt(Math.round(usd * 1e9));
}
