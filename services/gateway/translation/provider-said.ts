import { APICallError, JSONParseError, TypeValidationError } from "@ai-sdk/provider";
import { isObject } from "#lib/json-value.ts";
import type { ServiceError } from "#lib/service-error.ts";
import { refusalStatusOf } from "../core/error-type.ts";
import { ProviderError } from "../core/provider-error.ts";
import type { ProviderRequests } from "./provider-requests.ts";

/** A provider's message is cut here. */
const MESSAGE_CHARS_MAX = 16 * 1024;

/**
 * The refusal that a provider gave, with its HTTP status or, where a package found it in a 200, with the one it stands
 * for. `message` is the provider's own, as its package reads it, else its whole answer; it is payload. Undefined: it
 * refused nothing.
 */
export function refusalIn(
  { refusal, failure }: ProviderRequests,
  error: unknown,
): { readonly status: number; readonly message: string } | undefined {
  if (failure !== undefined) return undefined;
  const read = APICallError.isInstance(error) ? error : undefined;
  const status = refusalStatusOf(refusal?.status ?? read?.statusCode ?? 0, refusal?.text ?? "");
  if (status < 400 || status > 599) return undefined;
  const message = read?.data === undefined ? "" : read.message;
  return { status, message: cut(message || refusal?.text.trim() || `The provider answered ${status}.`) };
}

/** The failure of an answer that a package cannot read, or that breaks off within the package. */
export function unreadable(provider: string, error: unknown): ServiceError {
  const message = `The provider ${provider} answered with something that is not of its format. Check providers.${provider}.baseUrl.`;
  return new ProviderError("provider_protocol", message, { text: textOf(error) });
}

/** Whether a package says that it could not read what came. */
export function isUnreadable(error: unknown): boolean {
  return JSONParseError.isInstance(error) || TypeValidationError.isInstance(error);
}

/** What an error in a stream says, in the provider's words. It is payload. */
export function textOf(error: unknown): string {
  if (typeof error === "string") return cut(error);
  if (error instanceof Error) return cut(error.message);
  if (isObject(error) && typeof error["message"] === "string") return cut(error["message"]);
  return cut(JSON.stringify(error) ?? "");
}

function cut(text: string): string {
  return text.slice(0, MESSAGE_CHARS_MAX);
}
