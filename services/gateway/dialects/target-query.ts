import { withoutCredentials } from "#lib/credentials.ts";
import type { Target } from "#proto/twinspan/gateway/v1/invocation.ts";

/** A path with the caller's query, byte for byte but for credentials in it, which are dropped. */
export function pathWithQuery(path: string, target: Target | undefined): string {
  const query = withoutCredentials(target?.query ?? "");
  return query === "" ? path : `${path}?${query}`;
}
