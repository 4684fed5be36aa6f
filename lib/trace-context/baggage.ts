import { trimOptionalWhitespace } from "./traceparent.ts";

/** The only baggage members that twinspan reads and passes on; all others stop at the first service. */
export const BAGGAGE_ALLOWED = ["session.id", "user.id"] as const;

/** A `baggage` longer than this is dropped whole (W3C Baggage asks for 8,192 bytes at the least). */
const LENGTH_MAX = 8192;
const MEMBERS_MAX = 64;
const VALUE_MAX = 250;

/** The baggage of a caller that gave none. */
export const NO_BAGGAGE: ReadonlyMap<string, string> = new Map();

/**
 * Reads the allowed members of a `baggage` header (W3C Baggage): percent-decoded, properties ignored, at most 250
 * printable characters each, else left out. Never throws, on any string.
 */
export function parseBaggage(value: string): ReadonlyMap<string, string> {
  if (value === "" || value.length > LENGTH_MAX) return NO_BAGGAGE;
  const members = new Map<string, string>();
  for (const part of value.split(",", MEMBERS_MAX)) {
    const [pair = ""] = part.split(";", 1);
    const equals = pair.indexOf("=");
    const name = trimOptionalWhitespace(pair.slice(0, Math.max(equals, 0)));
    const decoded = decode(trimOptionalWhitespace(pair.slice(equals + 1)));
    if (!isAllowed(name) || decoded === undefined) continue;
    if (decoded !== "" && decoded.length <= VALUE_MAX && /^[^\p{Cc}\p{Cs}]+$/u.test(decoded))
      members.set(name, decoded);
  }
  return members;
}

/** Writes members as a `baggage` header. */
export function formatBaggage(members: ReadonlyMap<string, string>): string {
  return Array.from(members, ([name, value]) => `${name}=${encodeURIComponent(value)}`).join(",");
}

function isAllowed(name: string): boolean {
  return BAGGAGE_ALLOWED.some((allowed) => allowed === name);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
