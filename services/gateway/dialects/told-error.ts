import type { ErrorKind } from "#lib/service-error.ts";
import { ProviderError } from "../core/provider-error.ts";

/**
 * The failure that a provider tells in the middle of a stream; `told` is what it says of it. The bytes of its event go
 * to the caller as they are, but where they concern a key or an account of ours.
 */
export function toldErrorOf(kind: ErrorKind, told: unknown, event: Buffer): ProviderError {
  const said = { text: JSON.stringify(told), ...(kind === "provider_auth" ? {} : { event }) };
  return new ProviderError(kind, "The provider failed in the middle of its stream.", said);
}
