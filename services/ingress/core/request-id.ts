const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * The id under which a request is known in answers, logs and metadata: the caller's `x-request-id` when it is 1 to 128
 * printable characters without spaces, else a new one. A header that came twice holds a space once joined, so it is none.
 */
export function requestIdOf(header: string | readonly string[] | undefined, newId: () => string): string {
  return typeof header === "string" && REQUEST_ID.test(header) ? header : newId();
}
