import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { isObject } from "../json-value.ts";
import { tokensOf } from "../token-count.ts";

/**
 * What OpenAI's `usage` says, in the counts of the GenAI conventions: its prompt tokens already include cached ones, its
 * completion tokens reasoning. Undefined: it says nothing.
 */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const inputTokens = tokensOf(usage["prompt_tokens"]);
  const outputTokens = tokensOf(usage["completion_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const prompt = usage["prompt_tokens_details"];
  const completion = usage["completion_tokens_details"];
  return {
    inputTokens,
    outputTokens,
    totalTokens: tokensOf(usage["total_tokens"]) ?? (inputTokens ?? 0n) + (outputTokens ?? 0n),
    cacheReadInputTokens: isObject(prompt) ? tokensOf(prompt["cached_tokens"]) : undefined,
    cacheWriteInputTokens: undefined,
    reasoningOutputTokens: isObject(completion) ? tokensOf(completion["reasoning_tokens"]) : undefined,
  };
}
