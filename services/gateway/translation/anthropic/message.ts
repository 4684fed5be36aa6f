import type {
  LanguageModelV4FinishReason,
  LanguageModelV4ResponseMetadata,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { AnswerNames } from "../codec.ts";
import { tokenCountsOf } from "../token-counts.ts";

/** A message without what is not known before its end. `said`: what the provider calls it. */
export function messageHeadOf({ id, model }: AnswerNames, said: LanguageModelV4ResponseMetadata | undefined) {
  return {
    id: said?.id ?? `msg_${id}`,
    type: "message",
    role: "assistant",
    model: said?.modelId ?? model,
    content: [],
    ...NOT_ENDED,
    usage: { input_tokens: 0, output_tokens: 0, ...NO_MORE_COUNTS },
  };
}

/** How a message ends. */
export interface MessageEnding {
  readonly stop_reason: string | null;
  readonly stop_sequence: string | null;
  readonly stop_details: null;
  readonly container: null;
}

const NOT_ENDED: MessageEnding = { stop_reason: null, stop_sequence: null, stop_details: null, container: null };

/** What `usage` has besides, and no other provider tells. */
const NO_MORE_COUNTS = {
  cache_read_input_tokens: null,
  cache_creation_input_tokens: null,
  output_tokens_details: null,
};

/** The words that Anthropic has for why a message ended: where Claude itself answered, its own is kept. */
const STOP_REASONS = [
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
];

/** Why a message ended. For reasons that Anthropic has no word for, the turn has just ended. */
export function endingOf({ unified, raw }: LanguageModelV4FinishReason): MessageEnding {
  return { ...NOT_ENDED, stop_reason: raw !== undefined && STOP_REASONS.includes(raw) ? raw : stopReasonOf(unified) };
}

function stopReasonOf(unified: LanguageModelV4FinishReason["unified"]): string {
  switch (unified) {
    case "length":
      return "max_tokens";
    case "tool-calls":
      return "tool_use";
    case "content-filter":
      return "refusal";
    default:
      return "end_turn";
  }
}

/** Usage as Anthropic counts: input leaves out what was read from the cache or written to it. */
export function usageObjectOf(usage: LanguageModelV4Usage) {
  const { input, output, cacheRead, cacheWrite, reasoning } = tokenCountsOf(usage);
  return {
    input_tokens: Math.max(0, input - cacheRead - cacheWrite),
    output_tokens: output,
    cache_read_input_tokens: cacheRead,
    cache_creation_input_tokens: cacheWrite,
    output_tokens_details: reasoning === 0 ? null : { thinking_tokens: reasoning },
  };
}
