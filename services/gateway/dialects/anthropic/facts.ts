import { isObject, type JsonObject } from "#lib/json-value.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { tokensOf, tokensTogether } from "../token-count.ts";

/** Anthropic's `stop_reason`. A turn that the provider paused (`pause_turn`) has not ended, so it is none of these. */
const FINISH_REASONS: ReadonlyMap<unknown, FinishReason> = new Map([
  ["end_turn", FinishReason.FINISH_REASON_STOP],
  ["stop_sequence", FinishReason.FINISH_REASON_STOP],
  ["max_tokens", FinishReason.FINISH_REASON_LENGTH],
  ["model_context_window_exceeded", FinishReason.FINISH_REASON_LENGTH],
  ["tool_use", FinishReason.FINISH_REASON_TOOL_CALLS],
  ["refusal", FinishReason.FINISH_REASON_CONTENT_FILTER],
]);

/** Why a message ended, of its `stop_reason`. Empty: it has not ended. */
export function finishReasonsOf(stopReason: unknown): readonly FinishReason[] {
  if (typeof stopReason !== "string") return [];
  return [FINISH_REASONS.get(stopReason) ?? FinishReason.FINISH_REASON_OTHER];
}

/**
 * What Anthropic's `usage` says, in the counts of the GenAI conventions: its input tokens leave out what was read from
 * the cache or written to it, and both counts leave out what compacting the conversation took. Undefined: it says
 * nothing.
 */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const samplings = [usage, ...compactionsOf(usage)];
  const together = (name: string) => tokensTogether(samplings.map((sampling) => sampling[name]));
  const uncached = together("input_tokens");
  const outputTokens = together("output_tokens");
  if (uncached === undefined && outputTokens === undefined) return undefined;
  const cacheReadInputTokens = together("cache_read_input_tokens");
  const cacheWriteInputTokens = together("cache_creation_input_tokens");
  const inputTokens =
    uncached === undefined ? undefined : uncached + (cacheReadInputTokens ?? 0n) + (cacheWriteInputTokens ?? 0n);
  const details = usage["output_tokens_details"];
  return {
    inputTokens,
    outputTokens,
    totalTokens: (inputTokens ?? 0n) + (outputTokens ?? 0n),
    cacheReadInputTokens,
    cacheWriteInputTokens,
    reasoningOutputTokens: isObject(details) ? tokensOf(details["thinking_tokens"]) : undefined,
  };
}

function compactionsOf({ iterations }: JsonObject): readonly JsonObject[] {
  if (!Array.isArray(iterations)) return [];
  return iterations.filter(isObject).filter(({ type }) => type === "compaction");
}
