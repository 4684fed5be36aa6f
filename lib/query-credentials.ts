/** The names under which providers take keys in a query. */
const CREDENTIALS = new Set(["key", "api_key", "api-key", "apikey", "access_token"]);

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
  return CREDENTIALS.has(name.toLowerCase());
}
