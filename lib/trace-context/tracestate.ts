import { trimOptionalWhitespace } from "./traceparent.ts";

/** A `tracestate` has at most this many members; one that has more is dropped whole. */
const MEMBERS_MAX = 32;
/** We pass on up to this many characters (the specification asks for 512 at the least); beyond it, entries are dropped. */
const LENGTH_MAX = 2048;
/** Entries longer than this are the first to go. */
const LONG_ENTRY = 128;

const KEY = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Reads a `tracestate` (several headers already joined by commas) by W3C Trace Context level 2, and returns it in its
 * canonical form: members in order, no empty ones, no space around them. Undefined: there is none, or it is not valid.
 * A bad `tracestate` never harms the `traceparent` beside it. Never throws, on any string.
 */
export function parseTraceState(value: string): string | undefined {
  if (value === "") return undefined;
  const members: string[] = [];
  const keys = new Set<string>();
  for (const part of value.split(",")) {
    const member = trimOptionalWhitespace(part);
    if (member === "") continue;
    const equals = member.indexOf("=");
    const key = member.slice(0, equals);
    if (equals < 1 || !KEY.test(key) || !VALUE.test(member.slice(equals + 1)) || keys.has(key)) return undefined;
    if (members.length === MEMBERS_MAX) return undefined;
    keys.add(key);
    members.push(member);
  }
  return members.length === 0 ? undefined : shorten(members).join(",") || undefined;
}

/** Drops whole entries until the rest fits: long ones first, then from the right. */
function shorten(members: readonly string[]): readonly string[] {
  if (lengthOf(members) <= LENGTH_MAX) return members;
  const short = members.filter((member) => member.length <= LONG_ENTRY);
  while (lengthOf(short) > LENGTH_MAX) short.pop();
  return short;
}

function lengthOf(members: readonly string[]): number {
  return members.reduce((sum, member) => sum + member.length + 1, -1);
}
