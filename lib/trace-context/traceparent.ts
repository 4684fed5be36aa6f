import type { SpanIdHex, TraceIdHex } from "#lib/ids.ts";

/** What a `traceparent` header says. */
export interface TraceParent {
  readonly traceId: TraceIdHex;
  readonly spanId: SpanIdHex;
  /** The flags we know: 1 sampled, 2 random. All other bits are cleared, as level 2 asks. */
  readonly flags: number;
}

/** Bit 0 of the flags: the caller may have recorded its side. */
export const SAMPLED = 0x01;
/** Bit 1 of the flags: the low 56 bits of the trace id are random. */
const RANDOM = 0x02;

const VERSION_00_LENGTH = 55;
const PREFIX = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/**
 * Reads a `traceparent` by W3C Trace Context level 2. Undefined: the header is not valid, and the caller has no
 * context.
 *
 * - Spaces and tabs around the value are trimmed; nothing else is.
 * - Version 00 is exactly 55 characters; a later version may go on after a further `-`; `ff` is no version.
 * - Hex digits are lower case; an id of zeros is none.
 *
 * Never throws, on any string.
 */
export function parseTraceParent(value: string): TraceParent | undefined {
  const text = trimOptionalWhitespace(value);
  const match = PREFIX.exec(text);
  if (match === null) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = ""] = match;
  if (version === "ff" || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  if (text.length > VERSION_00_LENGTH && (version === "00" || text[VERSION_00_LENGTH] !== "-")) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM) };
}

/** Writes a `traceparent`, version 00. */
export function formatTraceParent(parent: TraceParent): string {
  return `00-${parent.traceId}-${parent.spanId}-0${parent.flags & (SAMPLED | RANDOM)}`;
}

/** Trims what HTTP calls optional whitespace: spaces and tabs, and no other kind of space. */
export function trimOptionalWhitespace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isOptionalWhitespace(value.charCodeAt(start))) start += 1;
  while (end > start && isOptionalWhitespace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isOptionalWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
