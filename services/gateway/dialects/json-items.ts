import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from "../core/json/json-bytes.ts";
import { endOfValue, skipSpace } from "../core/json/json-scan.ts";
import type { ByteRange } from "./json-fields.ts";

/** Finds the items of a JSON list in one pass over its bytes, without parsing them. Undefined: the text is no list. */
export function scanJsonItems(json: Buffer): readonly ByteRange[] | undefined {
  if (json[0] !== OPEN_BRACKET) return undefined;
  const items: ByteRange[] = [];
  let at = skipSpace(json, 1);
  if (json[at] === CLOSE_BRACKET) return items;
  for (;;) {
    const end = endOfValue(json, at);
    if (end === -1 || end === at) return undefined;
    items.push({ start: at, end });
    at = skipSpace(json, end);
    if (json[at] === CLOSE_BRACKET) return items;
    if (json[at] !== COMMA) return undefined;
    at = skipSpace(json, at + 1);
  }
}
