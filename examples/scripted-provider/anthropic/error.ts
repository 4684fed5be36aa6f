import type { Fault } from "../wire-format.ts";

/** The event of a stream that failed. */
export const STREAM_ERROR = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } } as const;

const TYPES: ReadonlyMap<number, string> = new Map([
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
]);

/** The body of an error of Anthropic's. */
export function anthropicErrorOf({ status, message }: Fault): string {
  const type = TYPES.get(status) ?? (status >= 500 ? "api_error" : "invalid_request_error");
  return JSON.stringify({ type: "error", error: { type, message }, request_id: "req_scripted" });
}

/** The body of Anthropic's list of models. */
export function anthropicModelsOf(names: readonly string[]): string {
  const data = names.map((id) => ({ type: "model", id, display_name: id, created_at: "2026-01-01T00:00:00Z" }));
  return JSON.stringify({ data, has_more: false, first_id: names.at(0) ?? null, last_id: names.at(-1) ?? null });
}
