/** A piece of a JSON document: a text under the last key before it, or a number within a list. */
export type JsonPiece = JsonText | "number";

/** A text, where it stands between its quotes, its escapes not undone. */
interface JsonText {
  /** The key it is under, also within lists. Empty: there is none. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** What it costs to look at a text, compared with a byte. */
const TEXT_BYTES = 32;
/** What is nested deeper is not looked at. */
const DEPTH_MAX = 64;

/**
 * The texts and numbers of a JSON document in its order, without parsing it, so that one that is large, or cut off anywhere,
 * can be read. What is under a key that `isSkipped` is passed over. It ends after `bytesMax` bytes, of which a text counts
 * as 32, however long it is, and returns how far it came: the document's length, where it came to the end.
 */
export function* jsonPiecesOf(
  json: Buffer,
  isSkipped: (key: string) => boolean,
  bytesMax: number,
): Generator<JsonPiece, number, void> {
  const around: Level[] = [];
  let level: Level = { key: "", isList: false, isSkipped: false };
  let seen = 0;
  for (let at = 0; at < json.length; at += 1) {
    seen += 1;
    if (seen > bytesMax || around.length > DEPTH_MAX) return at;
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfJsonString(json, at);
      if (isKey(json, end)) {
        const key = json.toString("latin1", at + 1, end - 1);
        level = { ...level, key, isSkipped: (around.at(-1)?.isSkipped ?? false) || isSkipped(key) };
      } else if (!level.isSkipped) {
        yield { key: level.key, start: at + 1, end: json[end - 1] === QUOTE ? end - 1 : end };
      }
      at = end - 1;
      seen += TEXT_BYTES;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      around.push(level);
      level = { ...level, isList: byte === OPEN_BRACKET };
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      level = around.pop() ?? level;
    } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      at = endOfNumber(json, at) - 1;
      if (level.isList && !level.isSkipped) yield "number";
    }
  }
  return json.length;
}

/** What is known within an object or a list. */
interface Level {
  readonly key: string;
  readonly isList: boolean;
  readonly isSkipped: boolean;
}

/** The place after a string's closing quote; the end of the document where it is cut off before that. */
function endOfJsonString(json: Buffer, start: number): number {
  for (let from = start + 1; ; ) {
    const quote = json.indexOf(QUOTE, from);
    if (quote === -1) return json.length;
    let slashes = 0;
    while (json[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

/** Whether a string that ends here is a key: a colon follows. */
function isKey(json: Buffer, end: number): boolean {
  let at = end;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at += 1;
  return json[at] === COLON;
}

function endOfNumber(json: Buffer, start: number): number {
  let at = start + 1;
  for (; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    const isPart = (byte >= ZERO && byte <= NINE) || byte === 0x2e || byte === 0x2b || byte === MINUS;
    if (!isPart && byte !== 0x65 && byte !== 0x45) break;
  }
  return at;
}
