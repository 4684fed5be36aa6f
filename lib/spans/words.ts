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

/** What a kind of request is called. */
export interface RequestWords {
  /** MLflow's request type. */
  readonly mlflow: string;
  /** OpenTelemetry's operation (`gen_ai.operation.name`), or a word of ours where it has none. */
  readonly operation: string;
  /** MLflow's type for the span of an attempt. */
  readonly spanType: "LLM" | "EMBEDDING" | "UNKNOWN";
}

const REQUEST_WORDS: ReadonlyMap<RequestType, RequestWords> = new Map([
  [RequestType.REQUEST_TYPE_OPENAI_CHAT, passthrough("openai-chat", "chat")],
  [RequestType.REQUEST_TYPE_OPENAI_RESPONSES, passthrough("openai-responses", "chat")],
  [RequestType.REQUEST_TYPE_OPENAI_RESPONSES_COMPACT, passthrough("openai-responses-compact", "compact")],
  [RequestType.REQUEST_TYPE_OPENAI_EMBEDDINGS, passthrough("openai-embeddings", "embeddings")],
  [RequestType.REQUEST_TYPE_ANTHROPIC_MESSAGES, passthrough("anthropic-messages", "chat")],
  [RequestType.REQUEST_TYPE_ANTHROPIC_COUNT_TOKENS, passthrough("anthropic-count-tokens", "count_tokens")],
  [RequestType.REQUEST_TYPE_GEMINI_GENERATE_CONTENT, passthrough("gemini-generate-content", "generate_content")],
  [RequestType.REQUEST_TYPE_GEMINI_EMBED_CONTENT, passthrough("gemini-embed-content", "embeddings")],
  [RequestType.REQUEST_TYPE_GEMINI_COUNT_TOKENS, passthrough("gemini-count-tokens", "count_tokens")],
  [RequestType.REQUEST_TYPE_UNIFIED_CHAT, { mlflow: "unified/chat", operation: "chat", spanType: "LLM" }],
  [
    RequestType.REQUEST_TYPE_UNIFIED_EMBEDDINGS,
    { mlflow: "unified/embeddings", operation: "embeddings", spanType: "EMBEDDING" },
  ],
  [RequestType.REQUEST_TYPE_RAW, { mlflow: "passthrough/raw", operation: "proxy", spanType: "UNKNOWN" }],
  [RequestType.REQUEST_TYPE_INFERENCE_CHAT, { mlflow: "inference/chat", operation: "chat", spanType: "LLM" }],
  [
    RequestType.REQUEST_TYPE_INFERENCE_EMBEDDINGS,
    { mlflow: "inference/embeddings", operation: "embeddings", spanType: "EMBEDDING" },
  ],
]);

/** The words for a kind of request. Undefined: not known here. */
export function requestWordsOf(type: RequestType): RequestWords | undefined {
  return REQUEST_WORDS.get(type);
}

function passthrough(dialect: string, operation: string): RequestWords {
  const spanType = operation === "embeddings" ? "EMBEDDING" : "LLM";
  return { mlflow: `passthrough/model/${dialect}`, operation, spanType };
}

/** The word for why an attempt was made. Undefined: not known here. */
export function attemptReasonWordOf(reason: AttemptReason): string | undefined {
  switch (reason) {
    case AttemptReason.ATTEMPT_REASON_FIRST:
      return "first";
    case AttemptReason.ATTEMPT_REASON_FALLBACK:
      return "fallback";
    case AttemptReason.ATTEMPT_REASON_RETRY:
      return "retry";
    case AttemptReason.ATTEMPT_REASON_HEDGE:
      return "hedge";
    default:
      return undefined;
  }
}

/** A span has at most this many finish reasons. */
export const FINISH_REASONS_MAX = 16;

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
