import { BinaryReader } from "@bufbuild/protobuf/wire";

/** Texts of more bytes than this are read anew each time. */
const WORD_BYTES_MAX = 64;
/** So many words are remembered, each in the place that its bytes give: of two that share one, the last. */
const PLACES = 8192;
const words = new Array<string>(PLACES).fill("");

/**
 * Reads messages in which the same words come again and again, such as the keys of attributes: one that is remembered
 * is compared with the bytes, and not made again. It reads what a BinaryReader reads.
 */
export class WordReader extends BinaryReader {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super(bytes);
    this.#bytes = bytes;
  }

  override string(strict?: boolean): string {
    const before = this.pos;
    const length = this.uint32();
    const start = this.pos;
    if (length === 0 || length > WORD_BYTES_MAX || start + length > this.len) return this.#anew(before, strict);
    const place = placeOf(this.#bytes, start, length);
    const word = words[place];
    if (word === undefined || !isAt(word, this.#bytes, start, length)) {
      const text = this.#anew(before, strict);
      words[place] = text;
      return text;
    }
    this.pos = start + length;
    return word;
  }

  #anew(at: number, strict: boolean | undefined): string {
    this.pos = at;
    return super.string(strict);
  }
}

/** FNV-1a, so that words that differ in one letter have places of their own. */
function placeOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < start + length; index += 1) hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x01000193);
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}

/** Only ASCII is found again: other bytes may be those of another text than the one whose characters they equal. */
function isAt(word: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (word.length !== length) return false;
  for (let index = 0; index < length; index += 1) {
    const byte = bytes[start + index] ?? 0;
    if (byte > 0x7f || word.charCodeAt(index) !== byte) return false;
  }
  return true;
}
