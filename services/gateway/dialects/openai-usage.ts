import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { tokensOf } from "./token-count.ts";

/**
 * What a `usage` of OpenAI's says, in the counts of the GenAI conventions: its input already includes what was cached,
 * its output reasoning. Chat completions and embeddings name the counts otherwise than responses do, and those who
 * speak them after OpenAI have further names for the cache. Undefined: it says nothing.
 */
export function openAiUsageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const inputTokens = firstOf(usage, ["prompt_tokens", "input_tokens"]);
  const outputTokens = firstOf(usage, ["completion_tokens", "output_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const input = detailsOf(usage, ["prompt_tokens_details", "input_tokens_details", "input_token_details"]);
  const output = detailsOf(usage, ["completion_tokens_details", "output_tokens_details", "output_token_details"]);
  const reasoningTokens = tokensOf(output["reasoning_tokens"]);
  const totalTokens = tokensOf(usage["total_tokens"]) ?? (inputTokens ?? 0n) + (outputTokens ?? 0n);
  // xAI counts reasoning beside the completion; only the total has both.
  const unsaid = totalTokens - (inputTokens ?? 0n) - (outputTokens ?? 0n);
  const isApart = reasoningTokens !== undefined && outputTokens !== undefined && unsaid === reasoningTokens;
  return {
    inputTokens,
    outputTokens: isApart ? outputTokens + reasoningTokens : outputTokens,
    totalTokens,
    cacheReadInputTokens: tokensOf(input["cached_tokens"]) ?? firstOf(usage, CACHE_READ),
    cacheWriteInputTokens: firstOf(input, CACHE_WRITE) ?? firstOf(usage, CACHE_WRITE),
    reasoningOutputTokens: reasoningTokens,
    audioInputTokens: tokensOf(input["audio_tokens"]),
    audioOutputTokens: tokensOf(output["audio_tokens"]),
  };
}

/** Where DeepSeek and Moonshot say what was read from the cache. */
const CACHE_READ = ["prompt_cache_hit_tokens", "cached_tokens"];
/** What OpenAI, and what gateways in front of Anthropic call what was written to it. */
const CACHE_WRITE = ["cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens"];

function detailsOf(usage: JsonObject, names: readonly string[]): JsonObject {
  for (const name of names) {
    const details = usage[name];
    if (isObject(details)) return details;
  }
  return {};
}

/** The first count that is there under one of the names. */
function firstOf(counts: JsonObject, names: readonly string[]): bigint | undefined {
  for (const name of names) {
    const count = tokensOf(counts[name]);
    if (count !== undefined) return count;
  }
  return undefined;
}
