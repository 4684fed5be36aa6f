import { KEY_HEADERS } from "../credentials.ts";

/**
 * The header, and the metadata, that holds a credential of twinspan's and nothing else: beside a key of the caller's
 * for its provider.
 */
export const OWN_HEADER = "x-twinspan-key";

/** A longer text is no credential: 8 KiB hold any token that proxies let through. */
const CREDENTIAL_CHARACTERS_MAX = 8192;

/**
 * The credential that a request brings for twinspan: what is in {@link OWN_HEADER}, else the first that `isOurs` in
 * {@link KEY_HEADERS}, which it shares with keys for providers. Undefined: none. `get` returns a header's value by its
 * name in lower case.
 */
export function credentialAmong(
  get: (header: string) => string | undefined,
  isOurs: (credential: string) => boolean,
): string | undefined {
  const own = get(OWN_HEADER);
  if (own !== undefined && own !== "") return own.slice(0, CREDENTIAL_CHARACTERS_MAX);
  for (const header of KEY_HEADERS) {
    const credential = withoutScheme(get(header) ?? "");
    if (credential.length <= CREDENTIAL_CHARACTERS_MAX && isOurs(credential)) return credential;
  }
  return undefined;
}

/** A credential without the word for how it is meant: `Bearer …`. */
export function withoutScheme(value: string): string {
  return value.replace(/^bearer +/i, "").trim();
}
