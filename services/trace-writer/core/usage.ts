import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";

/** The fields of a usage, in the order of the contract. */
export const USAGE_FIELDS = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "cacheReadInputTokens",
  "cacheWriteInputTokens",
  "reasoningOutputTokens",
] as const satisfies readonly (keyof Usage)[];

/** Tokens beyond this are no count of tokens: such a value is left out, or its record refused. Sums stay in 64 bits. */
export const TOKENS_MAX = 10n ** 12n;
/** Likewise for costs, in billionths of a US dollar: a million dollars for one call. */
export const NANO_USD_MAX = 10n ** 15n;

/** The usages together: what nobody said stays unsaid. Undefined: nobody said anything. */
export function sumOfUsages(usages: readonly (Usage | undefined)[]): Usage | undefined {
  const known = usages.filter((usage) => usage !== undefined);
  if (known.length === 0) return undefined;
  const sum: Usage = {};
  for (const field of USAGE_FIELDS) {
    const values = known.map((usage) => (field === "totalTokens" ? totalOf(usage) : usage[field]));
    const said = values.filter((value) => value !== undefined);
    sum[field] = said.length === 0 ? undefined : said.reduce((total, value) => total + value);
  }
  return sum;
}

/** The costs together. Undefined: none is known. */
export function sumOfCosts(costs: readonly (Cost | undefined)[]): Cost | undefined {
  const known = costs.filter((cost) => cost !== undefined);
  if (known.length === 0) return undefined;
  return known.reduce((sum, cost) => ({
    inputNanoUsd: sum.inputNanoUsd + cost.inputNanoUsd,
    outputNanoUsd: sum.outputNanoUsd + cost.outputNanoUsd,
    totalNanoUsd: sum.totalNanoUsd + cost.totalNanoUsd,
  }));
}

/** A usage as MLflow writes it: JSON with its own names. What is not known is left out. */
export function mlflowUsageOf(usage: Usage): string {
  return JSON.stringify({
    input_tokens: numberOf(usage.inputTokens),
    output_tokens: numberOf(usage.outputTokens),
    total_tokens: numberOf(totalOf(usage)),
    cache_read_input_tokens: numberOf(usage.cacheReadInputTokens),
    cache_creation_input_tokens: numberOf(usage.cacheWriteInputTokens),
  });
}

/** A cost as MLflow writes it: JSON, in US dollars. */
export function mlflowCostOf(cost: Cost): string {
  return JSON.stringify({
    input_cost: Number(cost.inputNanoUsd) / 1e9,
    output_cost: Number(cost.outputNanoUsd) / 1e9,
    total_cost: Number(cost.totalNanoUsd) / 1e9,
  });
}

/** The total as the provider gave it, else input and output together. */
function totalOf({ inputTokens, outputTokens, totalTokens }: Usage): bigint | undefined {
  if (totalTokens !== undefined) return totalTokens;
  return inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens;
}

function numberOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
