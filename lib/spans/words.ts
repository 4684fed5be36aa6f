import { AttemptReason, ErrorType, FinishReason, RequestType } from "#proto/twinspan/trace/v1/mirror.ts";

const ERROR_WORDS: ReadonlyMap<ErrorType, string> = new Map([
  [ErrorType.ERROR_TYPE_CANCELLED, "cancelled"],
  [ErrorType.ERROR_TYPE_INTERRUPTED, "interrupted"],
  [ErrorType.ERROR_TYPE_DEADLINE_EXCEEDED, "deadline_exceeded"],
  [ErrorType.ERROR_TYPE_PROVIDER_REJECTED, "provider_rejected"],
  [ErrorType.ERROR_TYPE_PROVIDER_AUTH, "provider_auth"],
  [ErrorType.ERROR_TYPE_PROVIDER_RATE_LIMITED, "provider_rate_limited"],
  [ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE, "provider_unavailable"],
  [ErrorType.ERROR_TYPE_PROVIDER_TIMEOUT, "provider_timeout"],
  [ErrorType.ERROR_TYPE_PROVIDER_PROTOCOL, "provider_protocol"],
  [ErrorType.ERROR_TYPE_INVALID_REQUEST, "invalid_request"],
  [ErrorType.ERROR_TYPE_PERMISSION_DENIED, "permission_denied"],
  [ErrorType.ERROR_TYPE_RATE_LIMITED, "rate_limited"],
  [ErrorType.ERROR_TYPE_BUDGET_EXCEEDED, "budget_exceeded"],
  [ErrorType.ERROR_TYPE_OVERLOADED, "overloaded"],
  [ErrorType.ERROR_TYPE_GUARDRAIL, "guardrail"],
  [ErrorType.ERROR_TYPE_INTERNAL, "internal"],
]);

/** Whether a value is of the closed list of errors, "nothing went wrong" included. */
export function isErrorType(type: ErrorType): boolean {
  return type === ErrorType.ERROR_TYPE_UNSPECIFIED || ERROR_WORDS.has(type);
}

/** The word that is `error.type` (tracing.md §9). Undefined: nothing went wrong. */
export function errorWordOf(type: ErrorType): string | undefined {
  return ERROR_WORDS.get(type);
}

/** The words for a kind of request: MLflow's request type, and OpenTelemetry's operation. Undefined: not known here. */
export function requestWordsOf(type: RequestType): { readonly mlflow: string; readonly operation: string } | undefined {
  return type === RequestType.REQUEST_TYPE_OPENAI_CHAT
    ? { mlflow: "passthrough/model/openai-chat", operation: "chat" }
    : undefined;
}

/** The word for why an attempt was made. Undefined: not known here. */
export function attemptReasonWordOf(reason: AttemptReason): string | undefined {
  switch (reason) {
    case AttemptReason.ATTEMPT_REASON_FIRST:
      return "first";
    case AttemptReason.ATTEMPT_REASON_FALLBACK:
      return "fallback";
    default:
      return undefined;
  }
}

/** The word for why an answer ended. */
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
