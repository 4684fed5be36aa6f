/** The names of Google's codes, by the HTTP status they go out with. Others are `INVALID_ARGUMENT` below 500, else `INTERNAL`. */
const STATUSES: ReadonlyMap<number, string> = new Map([
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [409, "ABORTED"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [501, "UNIMPLEMENTED"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** An error as Google writes it. */
export function errorObjectOf(code: number, message: string) {
  const status = STATUSES.get(code) ?? (code < 500 ? "INVALID_ARGUMENT" : "INTERNAL");
  return { error: { code, message, status } };
}
