import { meaningOf, ServiceError } from "#lib/service-error.ts";

/** What only HTTP can get wrong: word → status and the nearest kind of error. */
const REFUSALS = {
  unknown_url: { status: 404, kind: "not_found" },
  method_not_allowed: { status: 405, kind: "invalid_request" },
  request_timeout: { status: 408, kind: "invalid_request" },
  unsupported_encoding: { status: 415, kind: "unsupported_media_type" },
  headers_too_large: { status: 431, kind: "invalid_request" },
} as const;

/** Why a request was refused before any route saw it. */
export type RefusalCode = keyof typeof REFUSALS;

/** A request that is refused as HTTP: it has a status of its own beside those of the table of errors. */
export class HttpRefusal extends ServiceError {
  readonly code: RefusalCode;
  /** The methods that the path takes, for `Allow`. Undefined: the refusal is not about the method. */
  readonly allow: string | undefined;

  constructor(code: RefusalCode, message: string, allow?: string) {
    super(REFUSALS[code].kind, message);
    this.code = code;
    this.allow = allow;
  }
}

/** The HTTP status a failure goes out with. */
export function statusOf(error: ServiceError): number {
  return error instanceof HttpRefusal ? REFUSALS[error.code].status : meaningOf(error.kind).http;
}
