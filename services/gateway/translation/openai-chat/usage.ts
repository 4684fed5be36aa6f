import type { LanguageModelV4FinishReason, LanguageModelV4Usage } from "@ai-sdk/provider";

/** A usage as OpenAI writes it. Undefined: the provider said nothing. */
export function usageObjectOf({ inputTokens, outputTokens }: LanguageModelV4Usage) {
  const { total: input, cacheRead, cacheWrite } = inputTokens;
  const { total: output, reasoning } = outputTokens;
  if (input === undefined && output === undefined) return undefined;
  return {
    prompt_tokens: input ?? 0,
    completion_tokens: output ?? 0,
    total_tokens: (input ?? 0) + (output ?? 0),
    prompt_tokens_details: {
      cached_tokens: cacheRead ?? 0,
      ...(cacheWrite === undefined ? {} : { cache_write_tokens: cacheWrite }),
    },
    completion_tokens_details: { reasoning_tokens: reasoning ?? 0 },
  };
}

/** Why a model stopped, as OpenAI says it. It has no word for other reasons: to its clients the answer has just ended. */
export function finishWordOf({ unified }: LanguageModelV4FinishReason): string {
  switch (unified) {
    case "length":
      return "length";
    case "tool-calls":
      return "tool_calls";
    case "content-filter":
      return "content_filter";
    default:
      return "stop";
  }
}
