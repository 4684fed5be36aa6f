import type { Fault } from "../wire-format.ts";

/** The error object in a stream that failed. */
export const SERVER_ERROR = {
  message: "The server had an error while processing your request.",
  type: "server_error",
  param: null,
  code: "server_error",
} as const;

/** The body of an error of OpenAI's. */
export function openAiErrorOf({ status, message, unknownModel }: Fault): string {
  const type = status >= 500 ? "server_error" : status === 429 ? "rate_limit_exceeded" : "invalid_request_error";
  return JSON.stringify({ error: { message, type, param: null, code: unknownModel ? "model_not_found" : null } });
}

/** The body of OpenAI's list of models. */
export function openAiModelsOf(names: readonly string[]): string {
  const data = names.map((id) => ({ id, object: "model", created: 0, owned_by: "scripted" }));
  return JSON.stringify({ object: "list", data });
}
