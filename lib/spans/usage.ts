import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import type { AttributeValue } from "./attributes.ts";
import { sumOfPriceVersions } from "./price-version.ts";

/** The counts of a usage, in the order of the contract. */
export const USAGE_FIELDS = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "cacheReadInputTokens",
  "cacheWriteInputTokens",
  "reasoningOutputTokens",
  "audioInputTokens",
  "audioOutputTokens",
] as const satisfies readonly (keyof Usage)[];

/**
 * The usages together: what nobody said stays unsaid, and a sum is estimated when a part of it is. Undefined: nobody said
 * anything.
 */
export function sumOfUsages(usages: readonly (Usage | undefined)[]): Usage | undefined {
  const known = usages.filter((usage) => usage !== undefined);
  if (known.length === 0) return undefined;
  const sum: Usage = {};
  for (const field of USAGE_FIELDS) {
    const values = known.map((usage) => (field === "totalTokens" ? totalOf(usage) : usage[field]));
    const said = values.filter((value) => value !== undefined);
    sum[field] = said.length === 0 ? undefined : said.reduce((total, value) => total + value);
  }
  if (known.some(({ estimated }) => estimated)) sum.estimated = true;
  return sum;
}

/** The costs together, and all the prices they were computed with. Undefined: none is known. */
export function sumOfCosts(costs: readonly (Cost | undefined)[]): Cost | undefined {
  const known = costs.filter((cost) => cost !== undefined);
  if (known.length === 0) return undefined;
  const sum = (field: "inputNanoUsd" | "outputNanoUsd" | "totalNanoUsd") =>
    known.reduce((total, cost) => total + cost[field], 0n);
  return {
    inputNanoUsd: sum("inputNanoUsd"),
    outputNanoUsd: sum("outputNanoUsd"),
    totalNanoUsd: sum("totalNanoUsd"),
    priceVersion: sumOfPriceVersions(known.map(({ priceVersion }) => priceVersion)),
  };
}

/** A usage and a cost as attributes: under the keys of OpenTelemetry's GenAI conventions, MLflow's, and ours. */
export function totalsAttributesOf(
  usage: Usage | undefined,
  cost: Cost | undefined,
): Readonly<Record<string, AttributeValue>> {
  return {
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cacheReadInputTokens,
    "gen_ai.usage.cache_write.input_tokens": usage?.cacheWriteInputTokens,
    "gen_ai.usage.reasoning.output_tokens": usage?.reasoningOutputTokens,
    "gen_ai.usage.audio.input_tokens": usage?.audioInputTokens,
    "gen_ai.usage.audio.output_tokens": usage?.audioOutputTokens,
    "twinspan.usage.estimated": usage?.estimated || undefined,
    "mlflow.chat.tokenUsage": usage && mlflowUsageOf(usage),
    "mlflow.llm.cost": cost && mlflowCostOf(cost),
    "twinspan.cost.input_nano_usd": cost?.inputNanoUsd,
    "twinspan.cost.output_nano_usd": cost?.outputNanoUsd,
    "twinspan.cost.total_nano_usd": cost?.totalNanoUsd,
    "twinspan.cost.price_version": cost?.priceVersion,
  };
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
