/** What OpenAI calls errors, by their HTTP status. Others are `invalid_request_error` below 500, else `server_error`. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [401, "authentication_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [429, "rate_limit_error"],
]);

/** An error as OpenAI writes it. */
export function errorObjectOf(status: number, message: string) {
  const type = TYPES.get(status) ?? (status < 500 ? "invalid_request_error" : "server_error");
  return { error: { message, type, param: null, code: null } };
}
