import { type ErrorKind, meaningOf, type ServiceError } from "../service-error.ts";

/** An error as OpenAI's API writes it, in a body or in an event of a stream. All four members are always there. */
export interface OpenAiError {
  readonly error: {
    /** What is wrong, where, and what to do. Never quotes payload. */
    readonly message: string;
    /** OpenAI's class of error; its SDKs choose their exception by the HTTP status, people by this. */
    readonly type: OpenAiErrorType;
    /** The request's member at fault. Null: none in particular. */
    readonly param: string | null;
    /** The word for programs: OpenAI's where it has one, else the kind's name (`docs/errors.md`). */
    readonly code: string;
  };
}

type OpenAiErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "insufficient_quota"
  | "server_error";

/** The words that OpenAI has for some of our kinds. All others go under their own name. */
const CODES: Readonly<Partial<Record<ErrorKind, string>>> = {
  not_found: "model_not_found",
  unauthenticated: "invalid_api_key",
  rate_limited: "rate_limit_exceeded",
  budget_exceeded: "insufficient_quota",
};

/**
 * A failure in OpenAI's words. It goes out with the HTTP status of its kind (`meaningOf(error.kind).http`), or as the
 * last event of a stream. A `not_found` is an unknown endpoint: `model_not_found`, as OpenAI says of an unknown model.
 */
export function openAiErrorOf(error: ServiceError): OpenAiError {
  return {
    error: {
      message: error.message,
      type: typeOf(error.kind),
      param: error.field ?? null,
      code: CODES[error.kind] ?? error.kind,
    },
  };
}

/** A failure as the data of an `error` event in a stream of OpenAI's responses. */
export interface OpenAiErrorEvent extends Pick<OpenAiError["error"], "message" | "param" | "code">, OpenAiError {
  readonly type: "error";
  /** Its place among the events of the stream, from 0. */
  readonly sequence_number: number;
}

/**
 * A failure as an event of a stream of OpenAI's responses. It is told twice: as OpenAI documents the event, and as the
 * `error` that OpenAI's Python SDK looks for. `place`: among the stream's events; 0 where that is not known.
 */
export function openAiErrorEventOf(failure: ServiceError, place: number): OpenAiErrorEvent {
  const { error } = openAiErrorOf(failure);
  const { message, param, code } = error;
  return { type: "error", sequence_number: place, message, param, code, error };
}

function typeOf(kind: ErrorKind): OpenAiErrorType {
  if (kind === "budget_exceeded") return "insufficient_quota";
  switch (meaningOf(kind).http) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    case 400:
    case 404:
    case 409:
    case 413:
    case 415:
      return "invalid_request_error";
    default:
      return "server_error";
  }
}
