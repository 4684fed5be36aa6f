import { isObject, type JsonObject } from "#lib/json-value.ts";
import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { tokensOf, tokensTogether } from "../token-count.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["STOP", FinishReason.FINISH_REASON_STOP],
  ["MAX_TOKENS", FinishReason.FINISH_REASON_LENGTH],
  ["CONTINUATION", FinishReason.FINISH_REASON_LENGTH],
  ["SAFETY", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["RECITATION", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["BLOCKLIST", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["PROHIBITED_CONTENT", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["SPII", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["IMAGE_SAFETY", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["IMAGE_PROHIBITED_CONTENT", FinishReason.FINISH_REASON_CONTENT_FILTER],
  ["IMAGE_RECITATION", FinishReason.FINISH_REASON_CONTENT_FILTER],
]);

/**
 * Why a candidate ended, of its `finishReason`. Gemini says `STOP` where it calls tools too, so that is seen by its
 * parts. Undefined: it has not ended.
 */
export function finishReasonOf(word: unknown, callsTools: boolean): FinishReason | undefined {
  if (typeof word !== "string" || word === "FINISH_REASON_UNSPECIFIED") return undefined;
  if (word === "STOP" && callsTools) return FinishReason.FINISH_REASON_TOOL_CALLS;
  return FINISH_REASONS.get(word) ?? FinishReason.FINISH_REASON_OTHER;
}

/** Whether a part of an answer calls one of the caller's tools. */
export function callsTool(part: unknown): boolean {
  return isObject(part) && isObject(part["functionCall"]);
}

/** Why an answer ended whose prompt was blocked. */
export const BLOCKED: readonly FinishReason[] = [FinishReason.FINISH_REASON_CONTENT_FILTER];

/** Whether the prompt was blocked, so that there is no candidate. */
export function isBlocked(promptFeedback: unknown): boolean {
  return isObject(promptFeedback) && typeof promptFeedback["blockReason"] === "string";
}

/**
 * What `usageMetadata` says, in the counts of the GenAI conventions: Gemini counts what its own tools found beside the
 * prompt, and thoughts beside the candidates. A count of 0 is not said. Undefined: it says nothing.
 */
export function usageOf(usage: unknown): Usage | undefined {
  const prompt = inputOf(usage);
  if (!isObject(usage) || prompt === undefined) return undefined;
  const thoughts = tokensOf(usage["thoughtsTokenCount"]);
  const outputTokens = (tokensOf(usage["candidatesTokenCount"]) ?? 0n) + (thoughts ?? 0n);
  return {
    ...prompt,
    outputTokens,
    totalTokens: tokensOf(usage["totalTokenCount"]) ?? (prompt.inputTokens ?? 0n) + outputTokens,
    reasoningOutputTokens: thoughts,
    audioOutputTokens: audioIn(usage, "candidatesTokensDetails"),
  };
}

/** What embeddings say of their usage: it is all input. Undefined: they say nothing. */
export function embeddingUsageOf({ usageMetadata, embedding, embeddings }: JsonObject): Usage | undefined {
  const said = inputOf(usageMetadata);
  if (said !== undefined) return { ...said, totalTokens: said.inputTokens };
  const counts = (Array.isArray(embeddings) ? embeddings : [embedding]).map(countIn);
  const inputTokens = counts.every((count) => tokensOf(count) !== undefined) ? tokensTogether(counts) : undefined;
  return inputTokens === undefined ? undefined : { inputTokens, totalTokens: inputTokens };
}

function inputOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const prompt = tokensOf(usage["promptTokenCount"]);
  if (prompt === undefined) return undefined;
  return {
    inputTokens: prompt + (tokensOf(usage["toolUsePromptTokenCount"]) ?? 0n),
    cacheReadInputTokens: tokensOf(usage["cachedContentTokenCount"]),
    audioInputTokens: audioIn(usage, "promptTokensDetails", "toolUsePromptTokensDetails"),
  };
}

/** The audio among the kinds of tokens. Undefined: none is named. */
function audioIn(usage: JsonObject, ...names: readonly string[]): bigint | undefined {
  const details = names.flatMap((name): readonly unknown[] => (Array.isArray(usage[name]) ? usage[name] : []));
  const audio = details.filter(isObject).filter(({ modality }) => modality === "AUDIO");
  return tokensTogether(audio.map(({ tokenCount }) => tokenCount));
}

function countIn(embedding: unknown): unknown {
  const statistics = isObject(embedding) ? embedding["statistics"] : undefined;
  return isObject(statistics) ? statistics["tokenCount"] : undefined;
}
