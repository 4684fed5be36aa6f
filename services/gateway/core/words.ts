import { AttemptReason, FinishReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";

/** The words for a kind of request: MLflow's request type, and OpenTelemetry's operation. */
export function requestWordsOf(type: RequestType): { readonly mlflow: string; readonly operation: string } {
  switch (type) {
    case RequestType.REQUEST_TYPE_OPENAI_CHAT:
      return { mlflow: "passthrough/model/openai-chat", operation: "chat" };
    default:
      return { mlflow: "unknown", operation: "unknown" };
  }
}

/** The word for why an attempt was made. */
export function attemptReasonWordOf(reason: AttemptReason): string {
  switch (reason) {
    case AttemptReason.ATTEMPT_REASON_FIRST:
      return "first";
    case AttemptReason.ATTEMPT_REASON_FALLBACK:
      return "fallback";
    default:
      return "unknown";
  }
}

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

/** The word for a finish reason. */
export function finishReasonWordOf(reason: FinishReason): string {
  switch (reason) {
    case FinishReason.FINISH_REASON_STOP:
      return "stop";
    case FinishReason.FINISH_REASON_LENGTH:
      return "length";
    case FinishReason.FINISH_REASON_TOOL_CALLS:
      return "tool_calls";
    case FinishReason.FINISH_REASON_CONTENT_FILTER:
      return "content_filter";
    default:
      return "other";
  }
}

/** What a provider coined (an id, a model's name): kept where it is 1 to 128 printable characters without spaces. */
export function coinedOf(text: unknown): string | undefined {
  return typeof text === "string" && /^[\x21-\x7e]{1,128}$/.test(text) ? text : undefined;
}
