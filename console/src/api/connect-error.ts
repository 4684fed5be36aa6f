import { type ErrorKind, isErrorKind, ServiceError } from "#lib/service-error.ts";
import { fieldOf, textAt } from "#lib/traces/json-fields.ts";
import { ErrorInfo, RetryInfo } from "#proto/google/rpc/error_details.ts";

/** The kind of each code of the Connect protocol, where no detail names a closer one. */
const KINDS: ReadonlyMap<string, ErrorKind> = new Map<string, ErrorKind>([
  ["canceled", "cancelled"],
  ["invalid_argument", "invalid_request"],
  ["deadline_exceeded", "deadline_exceeded"],
  ["not_found", "not_found"],
  ["already_exists", "already_exists"],
  ["permission_denied", "permission_denied"],
  ["resource_exhausted", "overloaded"],
  ["unauthenticated", "unauthenticated"],
  ["unavailable", "unavailable"],
]);

/**
 * A failure as the Connect protocol tells it, in JSON: `{"code", "message", "details"}`. What is none of that, an
 * answer of something in between, is told by its HTTP status.
 */
export function connectErrorOf(json: unknown, httpStatus: number): ServiceError {
  const code = textAt(json, "code");
  const message = textAt(json, "message");
  if (code === undefined) return errorOfStatus(httpStatus);
  const info = detailOf(json, "google.rpc.ErrorInfo", ErrorInfo);
  const named = info?.reason.toLowerCase() ?? "";
  const delay = detailOf(json, "google.rpc.RetryInfo", RetryInfo)?.retryDelay;
  return new ServiceError(
    isErrorKind(named) ? named : (KINDS.get(code) ?? "internal"),
    message ?? "The server did not say why.",
    delay === undefined ? {} : { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1e6 },
  );
}

function errorOfStatus(status: number): ServiceError {
  switch (status) {
    case 401:
      return new ServiceError("unauthenticated", "This server wants to know who asks. Sign in with a key.");
    case 403:
      return new ServiceError("permission_denied", "The key that you signed in with may not see this.");
    case 404:
      return new ServiceError(
        "not_found",
        "This server does not have what the console asked for: is it of the same version?",
      );
    case 413:
      return new ServiceError("request_too_large", "The request is larger than the server takes.");
    case 429:
    case 503:
      return new ServiceError("overloaded", "The server has too much to do. Try again in a moment.");
    default:
      return new ServiceError("internal", `The server answered ${status} without saying why. Its log has the reason.`);
  }
}

function detailOf<Message>(
  json: unknown,
  type: string,
  message: { decode(bytes: Uint8Array): Message },
): Message | undefined {
  const details = fieldOf(json, "details");
  const found = Array.isArray(details) ? details.find((detail) => textAt(detail, "type") === type) : undefined;
  const value = textAt(found, "value");
  if (value === undefined) return undefined;
  try {
    return message.decode(Uint8Array.from(atob(value), (char) => char.charCodeAt(0)));
  } catch {
    // Neither base64 nor the message: then the details are none.
    return undefined;
  }
}
