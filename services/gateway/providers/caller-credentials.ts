import type { Header } from "#proto/twinspan/gateway/v1/invocation.ts";

/** The headers in which a caller may bring a key of its own. */
const KEYS = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
/** The headers that say which of the key's accounts pays: they mean nothing beside another key. */
const ACCOUNTS = ["chatgpt-account-id", "openai-organization", "openai-project"];

/** The caller's own key, as its SDK sent it. Undefined: it brought none. */
export function callerKeyOf(credentials: readonly Header[]): string | undefined {
  return credentials.find(({ name }) => KEYS.includes(name))?.value;
}

/** The caller's own credentials as headers, as they came. */
export function callerHeadersOf(credentials: readonly Header[]): Record<string, string> {
  const own = credentials.filter(({ name }) => KEYS.includes(name) || ACCOUNTS.includes(name));
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}

/** Headers without those that a key may travel in. */
export function withoutKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !KEYS.includes(name)));
}
