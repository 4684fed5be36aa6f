import type { ServerResponse } from "node:http";
import { meaningOf, type ServiceError } from "#lib/service-error.ts";
import type { AnswerHeaders } from "../core/answer-headers.ts";
import type { ErrorDialect } from "../core/error-dialects.ts";
import { HttpRefusal, statusOf } from "../core/http-refusal.ts";

/**
 * Ends a response with a failure in the caller's dialect. `headers` name the request, and its trace where there is one.
 * What a client must not send again is said in OpenAI's own header too: its SDKs retry any 429 and 5xx otherwise.
 */
export function sendError(
  response: ServerResponse,
  dialect: ErrorDialect,
  error: ServiceError,
  headers: AnswerHeaders,
): void {
  const { status = statusOf(error), contentType, body } = dialect(error);
  if (error.retryAfterMs !== undefined) headers.push("retry-after", retryAfterOf(error.retryAfterMs));
  if (!meaningOf(error.kind).retry) headers.push("x-should-retry", "false");
  if (error instanceof HttpRefusal && error.allow !== undefined) headers.push("allow", error.allow);
  headers.push("content-type", contentType, "content-length", `${body.length}`);
  response.writeHead(status, headers).end(body);
}

/** `Retry-After` in whole seconds, rounded up: a client that comes back early is refused again. */
function retryAfterOf(retryAfterMs: number): string {
  return `${Math.max(1, Math.ceil(retryAfterMs / 1000))}`;
}
