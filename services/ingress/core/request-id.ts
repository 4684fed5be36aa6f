import { isRequestId } from "#lib/request-id.ts";

/**
 * The id under which a request is known in answers, logs and metadata: the caller's `x-request-id` when it may be
 * one, else a new one. A header that came twice holds a space once joined, so it is none.
 */
export function requestIdOf(header: string | readonly string[] | undefined, newId: () => string): string {
  return typeof header === "string" && isRequestId(header) ? header : newId();
}
