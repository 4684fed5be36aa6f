import { type ErrorKind, meaningOf, type ServiceError } from "../service-error.ts";

/** An error as Anthropic's API writes it, in a body or as the data of a stream's `error` event. */
export interface AnthropicError {
  readonly type: "error";
  readonly error: {
    /** Anthropic's class of error. */
    readonly type: string;
    /** What is wrong, where, and what to do. Never quotes payload. */
    readonly message: string;
  };
}

/** Anthropic's words for some of our kinds. For the others the HTTP status says which. */
const TYPES: Readonly<Partial<Record<ErrorKind, string>>> = {
  overloaded: "overloaded_error",
  unavailable: "overloaded_error",
  budget_exceeded: "billing_error",
};

/**
 * A failure in Anthropic's words (https://docs.anthropic.com/en/api/errors). It goes out with the HTTP status of its
 * kind, or as the last event of a stream.
 */
export function anthropicErrorOf(error: ServiceError): AnthropicError {
  const type = TYPES[error.kind] ?? typeOf(meaningOf(error.kind).http);
  return { type: "error", error: { type, message: error.message } };
}

function typeOf(status: number): string {
  switch (status) {
    case 400:
    case 409:
    case 415:
      return "invalid_request_error";
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 504:
      return "timeout_error";
    default:
      return "api_error";
  }
}
