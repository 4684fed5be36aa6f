import type { KeyHeader } from "./kinds.ts";
import type { Sender } from "./sender.ts";

/**
 * A provider's own credentials as a header: a token where it has a service account, else its key, in the header that it
 * looks at. Empty: it has neither. A promise only where it is a token, which rejects with a ProviderError when none is
 * to be had.
 */
export function ownKeyOf(
  { apiKey, accessToken }: Sender,
  { name, prefix }: KeyHeader,
  signal: AbortSignal,
): Record<string, string> | Promise<Record<string, string>> {
  if (accessToken !== undefined) {
    return accessToken(signal).then((token) => ({ authorization: `Bearer ${token}` }));
  }
  return apiKey === undefined ? {} : { [name]: prefix + apiKey };
}
