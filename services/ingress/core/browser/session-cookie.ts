import type { IncomingHttpHeaders } from "node:http";

/**
 * The cookie that holds the key of who has signed in, by its name: over TLS it has a prefix by which browsers see to it
 * that no other host has set it.
 */
const NAMES = { secure: "__Host-twinspan", plain: "twinspan" } as const;
/** How long a browser keeps it: a working day. */
const MAX_AGE_SECONDS = 12 * 3600;
/** Browsers keep cookies up to 4 KiB, and a credential is no longer than its characters. */
export const COOKIE_CHARACTERS_MAX = 4000;
const VALUE = /^[A-Za-z0-9._~+/=-]+$/;

/** Whether a credential can be kept in a cookie. */
export function fitsCookie(credential: string): boolean {
  return credential.length <= COOKIE_CHARACTERS_MAX && VALUE.test(credential);
}

/**
 * The credential in a request's cookies. Undefined: nobody has signed in. Over TLS that cookie alone counts which no
 * other host can have set: who could set another would have people work under a key of theirs.
 */
export function sessionIn({ cookie }: IncomingHttpHeaders, isSecure: boolean): string | undefined {
  if (cookie === undefined) return undefined;
  const pairs = cookie.split(";").map((pair) => pair.trim());
  for (const name of isSecure ? [NAMES.secure] : [NAMES.secure, NAMES.plain]) {
    const found = pairs.find((pair) => pair.startsWith(`${name}=`));
    if (found !== undefined && found.length > name.length + 1) return found.slice(name.length + 1);
  }
  return undefined;
}

/**
 * The `set-cookie` that keeps a credential: no script can read it, and no other site's page makes the browser send it.
 * Empty: it is forgotten.
 */
export function sessionCookieOf(credential: string, isSecure: boolean): string {
  const name = isSecure ? NAMES.secure : NAMES.plain;
  const maxAge = credential === "" ? 0 : MAX_AGE_SECONDS;
  return `${name}=${credential}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}
