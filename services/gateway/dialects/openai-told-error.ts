import { isObject } from "#lib/json-value.ts";
import type { ErrorKind } from "#lib/service-error.ts";
import type { ProviderError } from "../core/provider-error.ts";
import { toldErrorOf } from "./told-error.ts";

/** What the `code` of an error means, or where that says nothing its `type`; every other one is a failure of the provider. */
const KINDS: ReadonlyMap<unknown, ErrorKind> = new Map<unknown, ErrorKind>([
  [429, "provider_rate_limited"],
  ["rate_limit_exceeded", "provider_rate_limited"],
  ["rate_limit_error", "provider_rate_limited"],
  ["insufficient_quota", "provider_rate_limited"],
  [401, "provider_auth"],
  [403, "provider_auth"],
  ["invalid_api_key", "provider_auth"],
  ["authentication_error", "provider_auth"],
  ["permission_error", "provider_auth"],
  [400, "provider_rejected"],
  ["invalid_prompt", "provider_rejected"],
  ["invalid_request_error", "provider_rejected"],
  [408, "provider_timeout"],
  [504, "provider_timeout"],
]);

/** The failure that a provider tells in a stream of OpenAI's. */
export function openAiToldErrorOf(error: unknown, event: Buffer): ProviderError {
  const { code, type } = isObject(error) ? error : {};
  return toldErrorOf(KINDS.get(code) ?? KINDS.get(type) ?? "provider_unavailable", error, event);
}
