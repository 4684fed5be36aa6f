import { hasCredentials } from "#lib/credentials.ts";
import type { ServiceError } from "#lib/service-error.ts";
import { invalidRequest } from "../invalid-request.ts";

const PATH_MAX = 2_048;
const QUERY_MAX = 4_096;
/** What RFC 3986 lets stand in a path, and in a query. Anything else must be percent-encoded. */
const PATH = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const QUERY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?[\]]|%[0-9A-Fa-f]{2})*$/;

/** What is wrong with where a raw request goes. Undefined: nothing; it stays below the provider's base URL. */
export function targetFaultOf(path: string, query: string): ServiceError | undefined {
  return pathFaultOf(path) ?? queryFaultOf(query);
}

function pathFaultOf(path: string): ServiceError | undefined {
  const faulty = (message: string) => invalidRequest(message, "target.path");
  if (path.length > PATH_MAX) return faulty(`The path is longer than ${PATH_MAX} characters.`);
  if (!path.startsWith("/")) return faulty("The path must begin with a slash.");
  if (!PATH.test(path)) return faulty("The path has characters that must be percent-encoded.");
  const hasDots = decoded(path)
    .split(/[/\\]/)
    .some((segment) => DOTS.test(segment));
  return hasDots
    ? faulty("The path has a segment of dots, which could lead out of the provider's base URL.")
    : undefined;
}

/** A segment of dots, as some servers read it also with parameters. */
const DOTS = /^\.{1,2}(?:;.*)?$/;

function queryFaultOf(query: string): ServiceError | undefined {
  const faulty = (message: string) => invalidRequest(message, "target.query");
  if (query.length > QUERY_MAX) return faulty(`The query is longer than ${QUERY_MAX} characters.`);
  if (!QUERY.test(query)) return faulty("The query has characters that must be percent-encoded.");
  return hasCredentials(query) ? faulty("The query has credentials. Send them in a header.") : undefined;
}

/** A path whose percent-encoding is undone, byte by byte: a dot or a slash is one whatever stands beside it. */
function decoded(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
