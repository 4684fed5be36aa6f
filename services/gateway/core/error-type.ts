import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { FailureKind } from "./invocation.ts";

/** The word for a failure that spans carry as `error.type`: a closed list (tracing.md §9). */
export type ErrorWord = Exclude<
  FailureKind,
  | "unauthenticated"
  | "not_found"
  | "request_too_large"
  | "unsupported_media_type"
  | "endpoint_unavailable"
  | "unavailable"
>;

/** The kinds that are no words of the list, and the words they are told as. */
const TOLD_AS = {
  unauthenticated: "permission_denied",
  not_found: "invalid_request",
  request_too_large: "invalid_request",
  unsupported_media_type: "invalid_request",
  endpoint_unavailable: "provider_auth",
  unavailable: "overloaded",
} as const satisfies Record<Exclude<FailureKind, ErrorWord>, ErrorWord>;

const ERROR_TYPES = {
  cancelled: ErrorType.ERROR_TYPE_CANCELLED,
  interrupted: ErrorType.ERROR_TYPE_INTERRUPTED,
  deadline_exceeded: ErrorType.ERROR_TYPE_DEADLINE_EXCEEDED,
  provider_rejected: ErrorType.ERROR_TYPE_PROVIDER_REJECTED,
  provider_auth: ErrorType.ERROR_TYPE_PROVIDER_AUTH,
  provider_rate_limited: ErrorType.ERROR_TYPE_PROVIDER_RATE_LIMITED,
  provider_unavailable: ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE,
  provider_timeout: ErrorType.ERROR_TYPE_PROVIDER_TIMEOUT,
  provider_protocol: ErrorType.ERROR_TYPE_PROVIDER_PROTOCOL,
  invalid_request: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  permission_denied: ErrorType.ERROR_TYPE_PERMISSION_DENIED,
  rate_limited: ErrorType.ERROR_TYPE_RATE_LIMITED,
  budget_exceeded: ErrorType.ERROR_TYPE_BUDGET_EXCEEDED,
  overloaded: ErrorType.ERROR_TYPE_OVERLOADED,
  internal: ErrorType.ERROR_TYPE_INTERNAL,
} as const satisfies Record<ErrorWord, ErrorType>;

/** The word for a failure, as `error.type` says it. */
export function errorWordOf(kind: FailureKind): ErrorWord {
  return isToldAs(kind) ? TOLD_AS[kind] : kind;
}

/** The same as an enum, as the mirror says it. */
export function errorTypeOf(kind: FailureKind): ErrorType {
  return ERROR_TYPES[errorWordOf(kind)];
}

/** The kind of failure that a provider's HTTP status is. Undefined: it is none. */
export function failureKindOfStatus(status: number): FailureKind | undefined {
  if (status < 400) return undefined;
  if (status === 401 || status === 403) return "provider_auth";
  if (status === 429) return "provider_rate_limited";
  if (status === 408 || status === 504) return "provider_timeout";
  return status < 500 ? "provider_rejected" : "provider_unavailable";
}

function isToldAs(kind: FailureKind): kind is keyof typeof TOLD_AS {
  return Object.hasOwn(TOLD_AS, kind);
}
