import type { Target } from "#proto/twinspan/gateway/v1/invocation.ts";

/** The names under which a query may carry a key. */
const CREDENTIALS = new Set(["key", "api_key", "access_token"]);

/** A path with the caller's query, byte for byte but for credentials in it, which are dropped. */
export function pathWithQuery(path: string, target: Target | undefined): string {
  const kept = (target?.query ?? "").split("&").filter((member) => member !== "" && !isCredential(member));
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}

function isCredential(member: string): boolean {
  const [name = ""] = new URLSearchParams(member).keys();
  return CREDENTIALS.has(name);
}
