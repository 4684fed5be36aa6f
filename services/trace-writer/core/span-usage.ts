import { isPriceVersion } from "#lib/spans/price-version.ts";
import { USAGE_FIELDS } from "#lib/spans/usage.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { type Attributes, booleanOf, integerOf, numbersOf, textOf, unquotedOf } from "./attributes.ts";
import { NANO_USD_MAX, TOKENS_MAX } from "./totals-limits.ts";

/** The words that say that a span is a call of a model, in each convention; the last two are ours (lib/spans/words). */
const LLM_OPERATIONS = new Set(["chat", "text_completion", "generate_content", "embeddings", "compact", "proxy"]);
const LLM_TYPES = new Set(["LLM", "CHAT_MODEL", "EMBEDDING"]);

/**
 * Whether a span is a call of a model: by its kind in OpenTelemetry's, MLflow's or OpenInference's words; where it names
 * none, because it has a usage. An agent's or a chain's span is not, so the sum of its children's tokens that some
 * frameworks put on it is not counted a second time.
 */
export function isModelCall(attributes: Attributes, usage: Usage | undefined): boolean {
  const operation = textOf(attributes, "gen_ai.operation.name");
  if (operation !== undefined) return LLM_OPERATIONS.has(operation);
  const type = unquotedOf(attributes, "mlflow.spanType", "openinference.span.kind");
  if (type !== undefined && type !== "UNKNOWN") return LLM_TYPES.has(type);
  return usage !== undefined;
}

/** For each field: OpenTelemetry's keys, newest first, then OpenInference's; and the name within MLflow's object. */
const FIELDS = {
  inputTokens: {
    keys: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"],
    mlflow: "input_tokens",
  },
  outputTokens: {
    keys: ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion"],
    mlflow: "output_tokens",
  },
  totalTokens: { keys: ["gen_ai.usage.total_tokens", "llm.token_count.total"], mlflow: "total_tokens" },
  cacheReadInputTokens: {
    keys: ["gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read"],
    mlflow: "cache_read_input_tokens",
  },
  cacheWriteInputTokens: {
    keys: [
      "gen_ai.usage.cache_write.input_tokens",
      "gen_ai.usage.cache_creation.input_tokens",
      "llm.token_count.prompt_details.cache_write",
    ],
    mlflow: "cache_creation_input_tokens",
  },
  reasoningOutputTokens: {
    keys: ["gen_ai.usage.reasoning.output_tokens", "llm.token_count.completion_details.reasoning"],
    mlflow: "reasoning_output_tokens",
  },
  audioInputTokens: {
    keys: ["gen_ai.usage.audio.input_tokens", "llm.token_count.prompt_details.audio"],
    mlflow: "audio_input_tokens",
  },
  audioOutputTokens: {
    keys: ["gen_ai.usage.audio.output_tokens", "llm.token_count.completion_details.audio"],
    mlflow: "audio_output_tokens",
  },
} as const satisfies Record<(typeof USAGE_FIELDS)[number], { keys: readonly string[]; mlflow: string }>;

/** The usage that a span's attributes say. Values that are no count of tokens are left out. Undefined: none is said. */
export function usageOfAttributes(attributes: Attributes): Usage | undefined {
  const mlflow = numbersOf(attributes, "mlflow.chat.tokenUsage");
  const usage: Usage = {};
  let said = false;
  for (const field of USAGE_FIELDS) {
    const value = tokensOf(integerOf(attributes, ...FIELDS[field].keys) ?? mlflow.get(FIELDS[field].mlflow));
    usage[field] = value;
    said ||= value !== undefined;
  }
  if (booleanOf(attributes, "twinspan.usage.estimated")) usage.estimated = true;
  return said ? usage : undefined;
}

/** The cost that a span's attributes say, in billionths of a US dollar. Undefined: none is said. */
export function costOfAttributes(attributes: Attributes): Cost | undefined {
  const mlflow = numbersOf(attributes, "mlflow.llm.cost");
  const costOf = (part: string) =>
    inRange(integerOf(attributes, `twinspan.cost.${part}_nano_usd`), NANO_USD_MAX) ??
    nanoUsdOf(mlflow.get(`${part}_cost`));
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
