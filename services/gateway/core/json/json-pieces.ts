import { CLOSE_BRACE, CLOSE_BRACKET, COLON, OPEN_BRACE, OPEN_BRACKET, QUOTE } from "./json-bytes.ts";
import { endOfString, skipSpace } from "./json-scan.ts";

/** A piece of a JSON document: a text under the last key before it, or a number within a list. */
export type JsonPiece = JsonText | "number";

/** A text, where it stands between its quotes, its escapes not undone. */
interface JsonText {
  /** The key it is under, also within lists. Empty: there is none. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** What it costs to look at a text, compared with a byte. */
const TEXT_BYTES = 32;
/** What is nested deeper is not looked at. */
const DEPTH_MAX = 64;

/**
 * The texts and numbers of a JSON document in its order, without parsing it, so that one that is large, or cut off
 * anywhere, can be read. What is under a key that `isSkipped` is passed over. It ends after `bytesMax` bytes, of which
 * a text counts as 32, however long it is, and returns how far it came: the document's length, where it came to the
 * end.
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
      const closed = endOfString(json, at);
      const end = closed === -1 ? json.length : closed;
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

/** Whether a string that ends here is a key: a colon follows. */
function isKey(json: Buffer, end: number): boolean {
  return json[skipSpace(json, end)] === COLON;
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
