import { countOf, isModelCallType, spanTypeOf } from "#lib/spans/meanings.ts";
import { isPriceVersion } from "#lib/spans/price-version.ts";
import { type Attributes, booleanOf, integerOf, numberOf, numbersOf, textOf } from "#lib/spans/read-attributes.ts";
import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { NANO_USD_MAX, TOKENS_MAX } from "../totals/totals-limits.ts";

/**
 * Whether a span is a call of a model: by the kind that it names, in any convention; where it names none, because it
 * has a usage. An agent's or a chain's span is not, so the sum of its children's tokens that some frameworks put on it
 * is not counted a second time.
 */
export function isModelCall(attributes: Attributes, usage: Usage | undefined): boolean {
  const type = spanTypeOf(attributes);
  return type === undefined ? usage !== undefined : isModelCallType(type);
}

/** The names of the counts within MLflow's object. */
const MLFLOW_COUNTS = {
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  totalTokens: "total_tokens",
  cacheReadInputTokens: "cache_read_input_tokens",
  cacheWriteInputTokens: "cache_creation_input_tokens",
  reasoningOutputTokens: "reasoning_output_tokens",
  audioInputTokens: "audio_input_tokens",
  audioOutputTokens: "audio_output_tokens",
} as const satisfies Record<(typeof USAGE_FIELDS)[number], string>;

/** The usage that a span's attributes say. Values that are no count of tokens are left out. Undefined: none is said. */
export function usageOfAttributes(attributes: Attributes): Usage | undefined {
  const mlflow = numbersOf(attributes, "mlflow.chat.tokenUsage");
  const usage: Usage = {};
  let said = false;
  for (const field of USAGE_FIELDS) {
    const value = tokensOf(countOf(attributes, field) ?? mlflow.get(MLFLOW_COUNTS[field]));
    usage[field] = value;
    said ||= value !== undefined;
  }
  if (booleanOf(attributes, "twinspan.usage.estimated")) usage.estimated = true;
  return said ? usage : undefined;
}

const OPEN_INFERENCE_COSTS = {
  input: "llm.cost.prompt",
  output: "llm.cost.completion",
  total: "llm.cost.total",
} as const;

/** The cost that a span's attributes say, in billionths of a US dollar. Undefined: none is said. */
export function costOfAttributes(attributes: Attributes): Cost | undefined {
  const mlflow = numbersOf(attributes, "mlflow.llm.cost");
  const costOf = (part: keyof typeof OPEN_INFERENCE_COSTS) =>
    inRange(integerOf(attributes, `twinspan.cost.${part}_nano_usd`), NANO_USD_MAX) ??
    nanoUsdOf(mlflow.get(`${part}_cost`) ?? numberOf(attributes, OPEN_INFERENCE_COSTS[part]));
  const input = costOf("input");
  const output = costOf("output");
  const total = costOf("total");
  if (input === undefined && output === undefined && total === undefined) return undefined;
  return {
    inputNanoUsd: input ?? 0n,
    outputNanoUsd: output ?? 0n,
    totalNanoUsd: total ?? (input ?? 0n) + (output ?? 0n),
    priceVersion: priceVersionOf(attributes),
  };
}

function priceVersionOf(attributes: Attributes): string | undefined {
  const version = textOf(attributes, "twinspan.cost.price_version");
  return version !== undefined && isPriceVersion(version) ? version : undefined;
}

function tokensOf(value: bigint | number | undefined): bigint | undefined {
  if (typeof value !== "number") return inRange(value, TOKENS_MAX);
  return Number.isSafeInteger(value) ? inRange(BigInt(value), TOKENS_MAX) : undefined;
}

function nanoUsdOf(usd: number | undefined): bigint | undefined {
  if (usd === undefined || Math.abs(usd) > 1e6) return undefined;
  return inRange(BigInt(Math.round(usd * 1e9)), NANO_USD_MAX);
}

function inRange(value: bigint | undefined, max: bigint): bigint | undefined {
  return value !== undefined && value >= 0n && value <= max ? value : undefined;
}
