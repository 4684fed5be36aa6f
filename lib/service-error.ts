/** Everything that can go wrong with a request, as callers are told of it. The table below is the only one. */
export type ErrorKind = keyof typeof ERROR_KINDS;

/** What a kind of error means to the one who gets it. */
interface ErrorMeaning {
  /** The gRPC status code. */
  readonly grpc: number;
  /** The HTTP status. */
  readonly http: number;
  /** Whether the endpoint's next model may be tried. */
  readonly nextAttempt: boolean;
  /** Whether the caller may send the same request again. */
  readonly retry: boolean;
}

/**
 * The closed table of errors: kind → gRPC code, HTTP status, whether another attempt makes sense, whether the caller
 * may retry. Over gRPC a kind travels as `google.rpc.ErrorInfo.reason` in upper case. `docs/errors.md` is held to it.
 */
export const ERROR_KINDS = {
  invalid_request: { grpc: 3, http: 400, nextAttempt: false, retry: false },
  untranslatable: { grpc: 3, http: 400, nextAttempt: true, retry: false },
  unauthenticated: { grpc: 16, http: 401, nextAttempt: false, retry: false },
  permission_denied: { grpc: 7, http: 403, nextAttempt: false, retry: false },
  not_found: { grpc: 5, http: 404, nextAttempt: false, retry: false },
  already_exists: { grpc: 6, http: 409, nextAttempt: false, retry: false },
  experiments_full: { grpc: 8, http: 409, nextAttempt: false, retry: false },
  request_too_large: { grpc: 8, http: 413, nextAttempt: false, retry: false },
  unsupported_media_type: { grpc: 3, http: 415, nextAttempt: false, retry: false },
  endpoint_unavailable: { grpc: 9, http: 503, nextAttempt: true, retry: false },
  rate_limited: { grpc: 8, http: 429, nextAttempt: false, retry: true },
  budget_exceeded: { grpc: 8, http: 429, nextAttempt: false, retry: false },
  overloaded: { grpc: 8, http: 503, nextAttempt: false, retry: true },
  unavailable: { grpc: 14, http: 503, nextAttempt: false, retry: true },
  cancelled: { grpc: 1, http: 499, nextAttempt: false, retry: false },
  deadline_exceeded: { grpc: 4, http: 504, nextAttempt: false, retry: true },
  provider_rejected: { grpc: 3, http: 400, nextAttempt: false, retry: false },
  provider_auth: { grpc: 9, http: 502, nextAttempt: true, retry: false },
  provider_rate_limited: { grpc: 8, http: 429, nextAttempt: true, retry: true },
  provider_unavailable: { grpc: 14, http: 502, nextAttempt: true, retry: true },
  provider_suspended: { grpc: 14, http: 503, nextAttempt: true, retry: true },
  provider_timeout: { grpc: 14, http: 504, nextAttempt: true, retry: true },
  provider_protocol: { grpc: 14, http: 502, nextAttempt: true, retry: true },
  internal: { grpc: 13, http: 500, nextAttempt: false, retry: false },
} as const satisfies Record<string, ErrorMeaning>;

/** What may be said beside a message. */
export interface ServiceErrorOptions extends ErrorOptions {
  /** The variable parts of the message, for programs. Never payload. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The field at fault, in the request's own names. */
  readonly field?: string;
  /** When to try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/**
 * A failure that a caller is told of. The message says what is wrong, where, and what to do, and never quotes payload;
 * what must not leave the process goes into `cause`, which is logged and nothing else.
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly kind: ErrorKind;
  readonly metadata: Readonly<Record<string, string>>;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: ErrorKind, message: string, options: ServiceErrorOptions = {}) {
    super(message, options);
    this.kind = kind;
    this.metadata = options.metadata ?? {};
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * A request that breaks a rule of one of its fields, in the request's own names: `field: must be …`. Never quotes what
 * was there.
 */
export function invalidField(field: string, rule: string, options: ErrorOptions = {}): ServiceError {
  return new ServiceError("invalid_request", `${field}: ${rule}.`, { ...options, field });
}

/** What `kind` means to the one who gets it. */
export function meaningOf(kind: ErrorKind): ErrorMeaning {
  return ERROR_KINDS[kind];
}

/** Whether a word is a kind of error. */
export function isErrorKind(word: string): word is ErrorKind {
  return Object.hasOwn(ERROR_KINDS, word);
}

/** Any thrown thing as a failure a caller may be told of: what is not a ServiceError is a bug, told without detail. */
export function serviceErrorOf(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError("internal", "Something went wrong in twinspan. The log has it under this request's id.", {
    cause: thrown,
  });
}
