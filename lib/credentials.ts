/**
 * The headers in which a caller may bring a key, of its own or of twinspan's, wherever its SDK puts it: in the order
 * they count.
 */
export const KEY_HEADERS: readonly string[] = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
/** The headers that say which of the key's accounts pays: they mean nothing beside another key. */
export const ACCOUNT_HEADERS: readonly string[] = ["chatgpt-account-id", "openai-organization", "openai-project"];

/** The names under which providers take keys in a query. */
const IN_QUERY = new Set(["key", "api_key", "api-key", "apikey", "access_token"]);

/** A query as it came, but for the parameters that carry credentials. */
export function withoutCredentials(query: string): string {
  return query
    .split("&")
    .filter((parameter) => !isCredential(parameter))
    .join("&");
}

/** Whether a query carries credentials. */
export function hasCredentials(query: string): boolean {
  return query.split("&").some(isCredential);
}

function isCredential(parameter: string): boolean {
  const [name = ""] = new URLSearchParams(parameter).keys();
  return IN_QUERY.has(name.toLowerCase());
}
