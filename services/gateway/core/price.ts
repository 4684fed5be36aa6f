import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";

/** What a model's tokens cost, set by the operator, in US dollars for a million. */
export interface Price {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

/** The cost of a usage at a price. A dollar for a million tokens is a thousand billionths for one. */
export function costAt(price: Price, usage: Usage): Cost {
  const inputNanoUsd = nanoUsdOf(Number(usage.inputTokens ?? 0n) * price.inputPerMillion * 1e-6);
  const outputNanoUsd = nanoUsdOf(Number(usage.outputTokens ?? 0n) * price.outputPerMillion * 1e-6);
  return { inputNanoUsd, outputNanoUsd, totalNanoUsd: inputNanoUsd + outputNanoUsd };
}

/** US dollars as billionths, rounded to the nearest. */
export function nanoUsdOf(usd: number): bigint {
  return BigInt(Math.round(usd * 1e9));
}
