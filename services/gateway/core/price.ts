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
