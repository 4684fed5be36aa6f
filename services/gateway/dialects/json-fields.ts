import { CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE } from "../core/json/json-bytes.ts";
import { endOfString, endOfValue, isSpace, skipSpace } from "../core/json/json-scan.ts";

/** Where a value stands in the text: from its first byte to the one after its last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a scan of a JSON object found. */
export interface JsonFields {
  /** Where the values of the wanted fields are. A field that is not there is not in the map. */
  readonly values: ReadonlyMap<string, ByteRange>;
  /** Just after the opening brace: where a field can be put in front. -1: the text is no object. */
  readonly bodyStart: number;
  /** Whether the object has no fields. */
  readonly isEmpty: boolean;
  /** What is wrong with the text, in words. Undefined: nothing that a scan sees. */
  readonly fault: string | undefined;
}

/**
 * Finds the values of the wanted fields of a JSON object in one pass over its bytes, without parsing it: strings are
 * skipped by a native search, so that a large request costs little. It sees what would make the bytes mean different
 * things to different readers (no object, cut off, a wanted field twice, text after the end); what else is wrong with
 * the JSON is for its reader to say. Fields that precede a fault are still found.
 */
export function scanJsonFields(json: Buffer, wanted: readonly string[]): JsonFields {
  const values = new Map<string, ByteRange>();
  const found = (bodyStart: number, isEmpty: boolean, fault?: string): JsonFields => ({
    values,
    bodyStart,
    isEmpty,
    fault,
  });

  let at = skipSpace(json, 0);
  if (json[at] !== OPEN_BRACE) return found(-1, true, "the body is not a JSON object");
  const bodyStart = at + 1;
  at = skipSpace(json, bodyStart);
  const isEmpty = json[at] === CLOSE_BRACE;
  if (isEmpty) return found(bodyStart, true, faultAfter(json, at + 1));

  for (;;) {
    if (json[at] !== QUOTE) return found(bodyStart, isEmpty, `a field's name is missing at byte ${at}`);
    const keyEnd = endOfString(json, at);
    if (keyEnd === -1) return found(bodyStart, isEmpty, "the body is cut off in the middle of a string");
    const key = keyOf(json, at, keyEnd);
    at = skipSpace(json, keyEnd);
    if (json[at] !== COLON) return found(bodyStart, isEmpty, `a colon is missing at byte ${at}`);
    const start = skipSpace(json, at + 1);
    const end = endOfValue(json, start);
    if (end === -1) return found(bodyStart, isEmpty, "the body is cut off in the middle of a value");
    if (end === start) return found(bodyStart, isEmpty, `a value is missing at byte ${start}`);
    if (wanted.includes(key)) {
      if (values.has(key)) return found(bodyStart, isEmpty, `the field "${key}" is there twice`);
      values.set(key, { start, end });
    }
    at = skipSpace(json, end);
    if (json[at] === CLOSE_BRACE) return found(bodyStart, isEmpty, faultAfter(json, at + 1));
    if (json[at] !== COMMA) return found(bodyStart, isEmpty, `a comma is missing at byte ${at}`);
    at = skipSpace(json, at + 1);
  }
}

/**
 * Where a member of a JSON object stands together with the comma that parts it from the others, so that the object
 * without these bytes is the one without the member. Undefined: it is not there, or the text is no JSON object.
 */
export function memberRangeOf(json: Buffer, name: string): ByteRange | undefined {
  const value = scanJsonFields(json, [name]).values.get(name);
  if (value === undefined) return undefined;
  const colon = lastBefore(json, value.start);
  const start = startOfString(json, lastBefore(json, colon));
  const before = lastBefore(json, start);
  if (json[before] === COMMA) return { start: before, end: value.end };
  const after = skipSpace(json, value.end);
  return { start, end: json[after] === COMMA ? skipSpace(json, after + 1) : value.end };
}

/** The place of the last byte before a place that is no white space. */
function lastBefore(json: Buffer, place: number): number {
  let at = place - 1;
  while (isSpace(json[at])) at -= 1;
  return at;
}

/** The place of the quote that opens the string of a member's name, of the one that closes it. A name has no quotes. */
function startOfString(json: Buffer, end: number): number {
  return json.lastIndexOf(QUOTE, end - 1);
}

/** The key between its quotes. Almost none has escapes, and a parser would read those too. */
function keyOf(json: Buffer, start: number, end: number): string {
  const raw = json.toString("utf8", start + 1, end - 1);
  if (!raw.includes("\\")) return raw;
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch (error) {
    if (error instanceof SyntaxError) return raw;
    throw error;
  }
}

function faultAfter(json: Buffer, at: number): string | undefined {
  const rest = skipSpace(json, at);
  return rest === json.length ? undefined : `there is text after the end of the object, at byte ${rest}`;
}
