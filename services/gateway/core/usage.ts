import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";

const FIELDS = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "cacheReadInputTokens",
  "cacheWriteInputTokens",
  "reasoningOutputTokens",
] as const satisfies readonly (keyof Usage)[];

/** MLflow's names for what it knows of a usage, in its `mlflow.chat.tokenUsage`. */
const MLFLOW_NAMES = {
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  totalTokens: "total_tokens",
  cacheReadInputTokens: "cache_read_input_tokens",
  cacheWriteInputTokens: "cache_creation_input_tokens",
} as const satisfies Partial<Record<keyof Usage, string>>;

/** A usage that says nothing. */
export const NO_USAGE: Usage = {
  inputTokens: undefined,
  outputTokens: undefined,
  totalTokens: undefined,
  cacheReadInputTokens: undefined,
  cacheWriteInputTokens: undefined,
  reasoningOutputTokens: undefined,
};

/** The usages together: what nobody said stays unsaid. Undefined: nobody said anything. */
export function sumOfUsages(usages: readonly (Usage | undefined)[]): Usage | undefined {
  const known = usages.filter((usage) => usage !== undefined);
  if (known.length <= 1) return known[0];
  const sum = { ...NO_USAGE };
  for (const usage of known) {
    for (const field of FIELDS) {
      const value = usage[field];
      if (value !== undefined) sum[field] = (sum[field] ?? 0n) + value;
    }
  }
  return sum;
}

/** The costs together. Undefined: none is known. */
export function sumOfCosts(costs: readonly (Cost | undefined)[]): Cost | undefined {
  const known = costs.filter((cost) => cost !== undefined);
  if (known.length <= 1) return known[0];
  return known.reduce((sum, cost) => ({
    inputNanoUsd: sum.inputNanoUsd + cost.inputNanoUsd,
    outputNanoUsd: sum.outputNanoUsd + cost.outputNanoUsd,
    totalNanoUsd: sum.totalNanoUsd + cost.totalNanoUsd,
  }));
}

/** A usage as MLflow writes it: JSON with its own names, what is not known left out. */
export function mlflowUsageOf(usage: Usage): string {
  const entries = Object.entries(MLFLOW_NAMES).flatMap(([field, name]) => {
    const value = isMlflowField(field) ? usage[field] : undefined;
    return value === undefined ? [] : [[name, Number(value)] as const];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/** A cost as MLflow writes it: JSON, in US dollars. */
export function mlflowCostOf(cost: Cost): string {
  return JSON.stringify({
    input_cost: Number(cost.inputNanoUsd) / 1e9,
    output_cost: Number(cost.outputNanoUsd) / 1e9,
    total_cost: Number(cost.totalNanoUsd) / 1e9,
  });
}

function isMlflowField(field: string): field is keyof typeof MLFLOW_NAMES {
  return Object.hasOwn(MLFLOW_NAMES, field);
}
