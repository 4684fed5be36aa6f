import type {
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4ResponseMetadata,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { blocksOf } from "../answer-blocks.ts";
import type { AnswerNames } from "../codec.ts";
import { tokenCountsOf } from "../token-counts.ts";
import { partOf } from "./parts.ts";

/** Writes generated content. */
export function encodeAnswer(answer: LanguageModelV4GenerateResult, names: AnswerNames): Buffer {
  const parts = blocksOf(answer.content).map(partOf);
  return Buffer.from(JSON.stringify(contentOf(namesOf(names, answer.response), parts, answer)));
}

/** What an answer is called. */
export interface ContentNames {
  readonly modelVersion: string;
  readonly responseId: string;
}

export function namesOf({ id, model }: AnswerNames, said: LanguageModelV4ResponseMetadata | undefined): ContentNames {
  return { modelVersion: said?.modelId ?? model, responseId: said?.id ?? id };
}

/** How an answer ends. */
export interface ContentEnding {
  readonly finishReason: LanguageModelV4FinishReason;
  readonly usage: LanguageModelV4Usage;
}

/** An answer, or a piece of one. `ending`: it is the last. */
export function contentOf(names: ContentNames, parts: readonly object[], ending?: ContentEnding): object {
  const candidate = { content: { parts, role: "model" }, index: 0 };
  if (ending === undefined) return { candidates: [candidate], ...names };
  return {
    candidates: [{ ...candidate, finishReason: finishWordOf(ending.finishReason) }],
    usageMetadata: usageObjectOf(ending.usage),
    ...names,
  };
}

/** The words that Gemini has for why an answer ended: where Gemini itself answered, its own is kept. */
const FINISH_REASONS = [
  "STOP",
  "MAX_TOKENS",
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "MALFORMED_FUNCTION_CALL",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
  "MALFORMED_RESPONSE",
];

function finishWordOf({ unified, raw }: LanguageModelV4FinishReason): string {
  if (raw !== undefined && FINISH_REASONS.includes(raw)) return raw;
  switch (unified) {
    case "stop":
    case "tool-calls":
      return "STOP";
    case "length":
      return "MAX_TOKENS";
    case "content-filter":
      return "SAFETY";
    default:
      return "OTHER";
  }
}

/** Usage as Gemini counts: candidates without thoughts. */
function usageObjectOf(usage: LanguageModelV4Usage) {
  const { input, output, cacheRead, reasoning } = tokenCountsOf(usage);
  return {
    promptTokenCount: input,
    candidatesTokenCount: Math.max(0, output - reasoning),
    totalTokenCount: input + output,
    ...(cacheRead === 0 ? {} : { cachedContentTokenCount: cacheRead }),
    ...(reasoning === 0 ? {} : { thoughtsTokenCount: reasoning }),
  };
}
