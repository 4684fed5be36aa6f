import type { AccessToken } from "./google-token.ts";
import type { KeyHeader } from "./kinds.ts";

/** A provider's credentials, as it has them. */
export interface OwnKey {
  /** Undefined: it needs none, or has others. */
  readonly apiKey: string | undefined;
  /** Gives the tokens of its service account. Undefined: it has none. */
  readonly accessToken: AccessToken | undefined;
}

/**
 * A provider's own credentials as a header: a token where it has a service account, else its key, in the header that it
 * looks at. Empty: it has neither. Throws a ProviderError when a token is not to be had.
 */
export async function ownKeyOf(
  { apiKey, accessToken }: OwnKey,
  { name, prefix }: KeyHeader,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  if (accessToken !== undefined) return { authorization: `Bearer ${await accessToken(signal)}` };
  return apiKey === undefined ? {} : { [name]: prefix + apiKey };
}
