import type { ErrorKind } from "#lib/service-error.ts";
import { ErrorType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { FailureKind } from "./invocation.ts";

/** What a failure is called in both twins: the closed list of tracing errors. Callers are told a little more. */
const ERROR_TYPES = {
  cancelled: ErrorType.ERROR_TYPE_CANCELLED,
  interrupted: ErrorType.ERROR_TYPE_INTERRUPTED,
  deadline_exceeded: ErrorType.ERROR_TYPE_DEADLINE_EXCEEDED,
  provider_rejected: ErrorType.ERROR_TYPE_PROVIDER_REJECTED,
  provider_auth: ErrorType.ERROR_TYPE_PROVIDER_AUTH,
  provider_rate_limited: ErrorType.ERROR_TYPE_PROVIDER_RATE_LIMITED,
  provider_unavailable: ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE,
  provider_timeout: ErrorType.ERROR_TYPE_PROVIDER_TIMEOUT,
  provider_suspended: ErrorType.ERROR_TYPE_PROVIDER_UNAVAILABLE,
  provider_protocol: ErrorType.ERROR_TYPE_PROVIDER_PROTOCOL,
  endpoint_unavailable: ErrorType.ERROR_TYPE_PROVIDER_AUTH,
  invalid_request: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  untranslatable: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  not_found: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  already_exists: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  experiments_full: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  request_too_large: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  unsupported_media_type: ErrorType.ERROR_TYPE_INVALID_REQUEST,
  unauthenticated: ErrorType.ERROR_TYPE_PERMISSION_DENIED,
  permission_denied: ErrorType.ERROR_TYPE_PERMISSION_DENIED,
  rate_limited: ErrorType.ERROR_TYPE_RATE_LIMITED,
  budget_exceeded: ErrorType.ERROR_TYPE_BUDGET_EXCEEDED,
  overloaded: ErrorType.ERROR_TYPE_OVERLOADED,
  unavailable: ErrorType.ERROR_TYPE_OVERLOADED,
  internal: ErrorType.ERROR_TYPE_INTERNAL,
} as const satisfies Record<FailureKind, ErrorType>;

/** What a failure is in a span. Unspecified: there is none. */
export function errorTypeOf(failure: { readonly kind: FailureKind } | undefined): ErrorType {
  return failure === undefined ? ErrorType.ERROR_TYPE_UNSPECIFIED : ERROR_TYPES[failure.kind];
}

/** Google tells of a key that it does not know with 400, and this reason in the body. */
const KEY_REFUSED = /"reason":\s*"API_KEY_INVALID"/;

/** The status that a provider's refusal stands for: a key that it does not know is 401, whatever it says. */
export function refusalStatusOf(status: number, text: string): number {
  return status === 400 && KEY_REFUSED.test(text) ? 401 : status;
}

/** The kind of failure that a provider's HTTP status is. Undefined: it is none. */
export function failureKindOfStatus(status: number): ErrorKind | undefined {
  if (status < 400) return undefined;
  if (status === 401 || status === 402 || status === 403) return "provider_auth";
  if (status === 429) return "provider_rate_limited";
  if (status === 408 || status === 504) return "provider_timeout";
  return status < 500 ? "provider_rejected" : "provider_unavailable";
}
