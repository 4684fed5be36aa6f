import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { countOf, isObject } from "../json-value.ts";

/**
 * What OpenAI's `usage` says, in the counts of the GenAI conventions: its prompt tokens already include cached ones, its
 * completion tokens reasoning. Undefined: it says nothing.
 */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const inputTokens = countOf(usage["prompt_tokens"]);
  const outputTokens = countOf(usage["completion_tokens"]);
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const prompt = usage["prompt_tokens_details"];
  const completion = usage["completion_tokens_details"];
  return {
    inputTokens,
    outputTokens,
    totalTokens: countOf(usage["total_tokens"]) ?? (inputTokens ?? 0n) + (outputTokens ?? 0n),
    cacheReadInputTokens: isObject(prompt) ? countOf(prompt["cached_tokens"]) : undefined,
    cacheWriteInputTokens: undefined,
    reasoningOutputTokens: isObject(completion) ? countOf(completion["reasoning_tokens"]) : undefined,
  };
}
