import { ACCOUNT_HEADERS, KEY_HEADERS } from "#lib/credentials.ts";
import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";

/** The caller's own key, as its SDK sent it. Undefined: it brought none. */
export function callerKeyOf(credentials: readonly Header[]): string | undefined {
  return credentials.find(({ name }) => KEY_HEADERS.includes(name))?.value;
}

/** The caller's own credentials as headers, as they came. */
export function callerHeadersOf(credentials: readonly Header[]): Record<string, string> {
  const own = credentials.filter(({ name }) => KEY_HEADERS.includes(name) || ACCOUNT_HEADERS.includes(name));
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}

/** Headers without those that a key may travel in. */
export function withoutKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !KEY_HEADERS.includes(name)));
}
