import type { LanguageModelV4FinishReason, LanguageModelV4Usage } from "@ai-sdk/provider";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { tokensOf } from "../dialects/token-count.ts";

/**
 * What a provider said of its tokens, in the counts of the GenAI conventions: input includes what was read from and
 * written to a cache, output includes reasoning. Undefined: it said nothing.
 */
export function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage | undefined {
  const input = tokensOf(inputTokens.total);
  const output = tokensOf(outputTokens.total);
  if (input === undefined && output === undefined) return undefined;
  return {
    inputTokens: input,
    outputTokens: output,
    totalTokens: (input ?? 0n) + (output ?? 0n),
    cacheReadInputTokens: tokensOf(inputTokens.cacheRead),
    cacheWriteInputTokens: tokensOf(inputTokens.cacheWrite),
    reasoningOutputTokens: tokensOf(outputTokens.reasoning),
  };
}

/** Why a model stopped, in the word of both twins. */
export function finishReasonOf({ unified }: LanguageModelV4FinishReason): FinishReason {
  switch (unified) {
    case "stop":
      return FinishReason.FINISH_REASON_STOP;
    case "length":
      return FinishReason.FINISH_REASON_LENGTH;
    case "tool-calls":
      return FinishReason.FINISH_REASON_TOOL_CALLS;
    case "content-filter":
      return FinishReason.FINISH_REASON_CONTENT_FILTER;
    default:
      return FinishReason.FINISH_REASON_OTHER;
  }
}

/** Whether an answer ended though the provider never said why: it was cut. */
export function isCut({ unified, raw }: LanguageModelV4FinishReason): boolean {
  return unified === "interrupted" || (raw === undefined && (unified === "other" || unified === "error"));
}
