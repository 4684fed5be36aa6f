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
 * The usages together: what nobody said stays unsaid, and a sum is estimated when a part of it is. Undefined: nobody
 * said anything.
 */
export function sumOfUsages(usages: readonly (Usage | undefined)[]): Usage | undefined {
  let sum: Usage | undefined;
  for (const usage of usages) if (usage !== undefined) sum = withUsage(sum ?? {}, usage);
  return sum;
}

function withUsage(sum: Usage, usage: Usage): Usage {
  const both: Usage = {
    inputTokens: plus(sum.inputTokens, usage.inputTokens),
    outputTokens: plus(sum.outputTokens, usage.outputTokens),
    totalTokens: plus(sum.totalTokens, totalOf(usage)),
    cacheReadInputTokens: plus(sum.cacheReadInputTokens, usage.cacheReadInputTokens),
    cacheWriteInputTokens: plus(sum.cacheWriteInputTokens, usage.cacheWriteInputTokens),
    reasoningOutputTokens: plus(sum.reasoningOutputTokens, usage.reasoningOutputTokens),
    audioInputTokens: plus(sum.audioInputTokens, usage.audioInputTokens),
    audioOutputTokens: plus(sum.audioOutputTokens, usage.audioOutputTokens),
  };
  if (sum.estimated || usage.estimated) both.estimated = true;
  return both;
}

function plus(sum: bigint | undefined, count: bigint | undefined): bigint | undefined {
  if (sum === undefined || count === undefined) return sum ?? count;
  return sum + count;
}

/** The costs together, and all the prices they were computed with. Undefined: none is known. */
export function sumOfCosts(costs: readonly (Cost | undefined)[]): Cost | undefined {
  let sum: Cost | undefined;
  const versions: (string | undefined)[] = [];
  for (const cost of costs) {
    if (cost === undefined) continue;
    versions.push(cost.priceVersion);
    sum ??= { inputNanoUsd: 0n, outputNanoUsd: 0n, totalNanoUsd: 0n, priceVersion: undefined };
    sum.inputNanoUsd += cost.inputNanoUsd;
    sum.outputNanoUsd += cost.outputNanoUsd;
    sum.totalNanoUsd += cost.totalNanoUsd;
  }
  if (sum !== undefined) sum.priceVersion = sumOfPriceVersions(versions);
  return sum;
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
