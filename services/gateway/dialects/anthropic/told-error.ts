import { isObject, type JsonObject } from "#lib/json-value.ts";
import type { ErrorKind } from "#lib/service-error.ts";
import type { ProviderError } from "../../core/provider-error.ts";
import { toldErrorOf } from "../told-error.ts";

/** What the `type` of an error means; every other one is a failure of the provider. */
const KINDS: ReadonlyMap<unknown, ErrorKind> = new Map([
  ["rate_limit_error", "provider_rate_limited"],
  ["timeout_error", "provider_timeout"],
  ["authentication_error", "provider_auth"],
  ["permission_error", "provider_auth"],
  ["billing_error", "provider_auth"],
  ["invalid_request_error", "provider_rejected"],
  ["not_found_error", "provider_rejected"],
  ["request_too_large", "provider_rejected"],
]);

/** The failure that Anthropic tells in an `error` event of a stream. */
export function anthropicToldErrorOf(chunk: JsonObject, event: Buffer): ProviderError {
  const { error } = chunk;
  const kind = KINDS.get(isObject(error) ? error["type"] : undefined);
  return toldErrorOf(kind ?? "provider_unavailable", chunk, event);
}
