import { withoutCredentials } from "#lib/credentials.ts";
import type { Header, Target } from "#proto/twinspan/gateway/v1/invocation.ts";

/** Of a request that names its target by a whole URL, what stands before the path. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;

/** The path of a request's address, without its query. */
export function pathOf(url: string): string {
  const [path = ""] = url.replace(ORIGIN, "").split("?", 1);
  return path === "" ? "/" : path;
}

/** What a dialect whose endpoint stands elsewhere needs of a request's address: its query. Undefined: there is none. */
export function queryTargetOf(url: string): Target | undefined {
  const query = withoutCredentials(queryOf(url));
  return query === "" ? undefined : { method: "", path: "", query };
}

/**
 * What a raw request asks of a provider: everything behind the `segments` first segments of its path, byte for byte.
 * The gateway refuses what could lead out of the provider's base URL.
 */
export function rawTargetOf(method: string, url: string, segments: number): Target {
  const path = pathOf(url)
    .split("/")
    .slice(segments + 1)
    .join("/");
  return { method, path: `/${path}`, query: withoutCredentials(queryOf(url)) };
}

/** The credentials that a query carries, as the headers that providers take in their place. */
export function queryCredentialsOf(url: string): Header[] {
  const query = queryOf(url);
  if (query === "") return [];
  const parameters = new URLSearchParams(query);
  const key = parameters.get("key");
  const token = parameters.get("access_token");
  return [
    ...(key ? [{ name: "x-goog-api-key", value: key }] : []),
    ...(token ? [{ name: "authorization", value: `Bearer ${token}` }] : []),
  ];
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
}
