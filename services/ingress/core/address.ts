import { ServiceError } from "#lib/service-error.ts";
import type { Header, Target } from "#proto/twinspan/gateway/v1/invocation.ts";

/** The longest path and query that go on to a provider, in characters. */
const PATH_CHARACTERS_MAX = 2048;
const QUERY_CHARACTERS_MAX = 4096;

/** What a query has no business to carry on: where some providers take keys. */
const QUERY_CREDENTIALS = new Set(["key", "api_key", "access_token"]);

/** Of a request that names its target by a whole URL, what stands before the path. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;
/** A path as RFC 3986 has it: what else it holds must be percent-encoded, or it would not arrive as it was sent. */
const PATH = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const QUERY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;
/** What parts a path, also where it is encoded: a provider may decode it before it looks. */
const SEPARATOR = /\/|%2f|%5c/i;

/** The path of a request's address, without its query. */
export function pathOf(url: string): string {
  const [path = ""] = url.replace(ORIGIN, "").split("?", 1);
  return path === "" ? "/" : path;
}

/** What a dialect whose endpoint stands elsewhere needs of a request's address: its query. Undefined: there is none. */
export function queryTargetOf(url: string): Target | undefined {
  const query = checkedQueryOf(url);
  return query === "" ? undefined : { method: "", path: "", query };
}

/**
 * What a raw request asks of a provider: everything behind the `segments` first segments of its path, byte for byte.
 * Throws a ServiceError `invalid_request` when it is no path, too long, or has segments that lead elsewhere.
 */
export function rawTargetOf(method: string, url: string, segments: number): Target {
  const path = `/${pathOf(url)
    .split("/")
    .slice(segments + 1)
    .join("/")}`;
  if (path.length > PATH_CHARACTERS_MAX) {
    throw new ServiceError("invalid_request", `The path is longer than ${PATH_CHARACTERS_MAX} characters.`);
  }
  if (!PATH.test(path)) {
    throw new ServiceError("invalid_request", "The path has characters that must be percent-encoded. Encode them.");
  }
  if (path.split(SEPARATOR).some(isDots)) {
    throw new ServiceError("invalid_request", "The path has a segment `.` or `..`. Write the path that is meant.");
  }
  return { method, path, query: checkedQueryOf(url) };
}

/** The credentials that a query carries, as the headers that its provider takes in their place. */
export function queryCredentialsOf(url: string): Header[] {
  const parameters = new URLSearchParams(queryOf(url));
  const key = parameters.get("key");
  const token = parameters.get("access_token");
  return [
    ...(key ? [{ name: "x-goog-api-key", value: key }] : []),
    ...(token ? [{ name: "authorization", value: `Bearer ${token}` }] : []),
  ];
}

function checkedQueryOf(url: string): string {
  const query = queryOf(url)
    .split("&")
    .filter((parameter) => !isCredential(parameter))
    .join("&");
  if (query.length > QUERY_CHARACTERS_MAX) {
    throw new ServiceError("invalid_request", `The query is longer than ${QUERY_CHARACTERS_MAX} characters.`);
  }
  if (QUERY.test(query)) return query;
  throw new ServiceError("invalid_request", "The query has characters that must be percent-encoded. Encode them.");
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start < 0 ? "" : url.slice(start + 1);
}

function isCredential(parameter: string): boolean {
  const [name = ""] = new URLSearchParams(parameter).keys();
  return QUERY_CREDENTIALS.has(name.toLowerCase());
}

function isDots(segment: string): boolean {
  const plain = segment.replace(/%2e/gi, ".");
  return plain === "." || plain === "..";
}
