import type { KeyHeader } from "./kinds.ts";
import type { Sender } from "./sender.ts";

/**
 * A provider's own credentials as a header: a token where it has a service account, else its key, in the header that it
 * looks at. Empty: it has neither. Throws a ProviderError when a token is not to be had.
 */
export async function ownKeyOf(
  { apiKey, accessToken }: Sender,
  { name, prefix }: KeyHeader,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (accessToken !== undefined) return { authorization: `Bearer ${await accessToken(signal)}` };
  return apiKey === undefined ? {} : { [name]: prefix + apiKey };
}
