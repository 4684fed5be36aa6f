import { FinishReason } from "#proto/twinspan/trace/v1/mirror.ts";

const FINISH_REASONS: ReadonlyMap<string, FinishReason> = new Map([
  ["stop", FinishReason.FINISH_REASON_STOP],
  ["length", FinishReason.FINISH_REASON_LENGTH],
  ["tool_calls", FinishReason.FINISH_REASON_TOOL_CALLS],
  ["function_call", FinishReason.FINISH_REASON_TOOL_CALLS],
  ["content_filter", FinishReason.FINISH_REASON_CONTENT_FILTER],
]);

/** The finish reason that a provider's word stands for: a word that is not of the list is `other`. */
export function finishReasonOf(word: string): FinishReason {
  return FINISH_REASONS.get(word) ?? FinishReason.FINISH_REASON_OTHER;
}

/** What a provider coined (an id, a model's name): kept where it is 1 to 128 printable characters without spaces. */
export function coinedOf(text: unknown): string | undefined {
  return typeof text === "string" && /^[\x21-\x7e]{1,128}$/.test(text) ? text : undefined;
}
