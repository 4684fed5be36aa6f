import { isObject } from "#lib/json-value.ts";
import type { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";
import { type AnswerFacts, NO_FACTS } from "../../core/invocation.ts";
import { coinedOf } from "../../core/words.ts";
import { answerObjectOf } from "../answer-object.ts";
import { tokensOf } from "../token-count.ts";
import { BLOCKED, callsTool, embeddingUsageOf, finishReasonOf, isBlocked, usageOf } from "./facts.ts";

/** Reads what generated content says about itself. */
export function readContent(body: Buffer): AnswerFacts {
  const answer = answerObjectOf(
    body,
    "generated content",
    ({ candidates, promptFeedback, usageMetadata }) =>
      Array.isArray(candidates) || isObject(promptFeedback) || isObject(usageMetadata),
  );
  const candidates: readonly unknown[] = Array.isArray(answer["candidates"]) ? answer["candidates"] : [];
  const isRefused = candidates.length === 0 && isBlocked(answer["promptFeedback"]);
  return {
    ...NO_FACTS,
    responseId: coinedOf(answer["responseId"]),
    responseModel: coinedOf(answer["modelVersion"]),
    finishReasons: isRefused ? BLOCKED : candidates.flatMap(finishReasonsIn),
    usage: usageOf(answer["usageMetadata"]),
  };
}

function finishReasonsIn(candidate: unknown): readonly FinishReason[] {
  if (!isObject(candidate)) return [];
  const { content, finishReason } = candidate;
  const parts = isObject(content) ? content["parts"] : undefined;
  const reason = finishReasonOf(finishReason, Array.isArray(parts) && parts.some(callsTool));
  return reason === undefined ? [] : [reason];
}

/** Reads what an embedding, or a batch of them, says about itself. */
export function readEmbeddings(body: Buffer): AnswerFacts {
  const answer = answerObjectOf(
    body,
    "an embedding",
    ({ embedding, embeddings }) => isObject(embedding) || Array.isArray(embeddings),
  );
  return { ...NO_FACTS, usage: embeddingUsageOf(answer) };
}

/** Reads a count of tokens: it is the answer and no usage, since nothing is billed for it. */
export function readTokenCount(body: Buffer): AnswerFacts {
  answerObjectOf(body, "a count of tokens", ({ totalTokens }) => tokensOf(totalTokens) !== undefined);
  return NO_FACTS;
}
