/** A piece of a text: what can be read, or a character that cannot be seen and changes how others are. */
export type TextPiece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "control"; readonly code: string };

/**
 * Cuts a text where characters stand that nobody sees but that turn, hide or command what is around them: controls but
 * for tab and line break, marks of direction, invisible joins and signs. Each is told by its code, `U+202E`.
 */
export function visiblePieces(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(UNSEEN)) {
    if (index > from) pieces.push({ kind: "text", text: text.slice(from, index) });
    const code = found.codePointAt(0) ?? 0;
    pieces.push({ kind: "control", code: `U+${code.toString(16).toUpperCase().padStart(4, "0")}` });
    from = index + found.length;
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}

/** Joins within emoji (U+200D) and variation selectors are how those are written: they stay. */
const UNSEEN = /(?![\t\n\r\u200d])[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** The beginning of a text, at most so many characters and lines, cut between characters. */
export function beginningOf(text: string, charactersMax: number, linesMax: number): string {
  let end = 0;
  for (let line = 0; line < linesMax && end < text.length; line += 1) {
    const lineBreak = text.indexOf("\n", end);
    end = lineBreak === -1 ? text.length : lineBreak + 1;
    if (end > charactersMax) break;
  }
  const cut = Math.min(end, charactersMax);
  const isWithinPair = cut < text.length && (text.charCodeAt(cut - 1) & 0xfc00) === 0xd800;
  return text.slice(0, isWithinPair ? cut - 1 : cut);
}

/** A block has about so many characters. */
const BLOCK_CHARACTERS = 20_000;

/** A text in blocks, cut behind a line break where there is one, else between characters. Together they are the text. */
export function blocksOf(text: string): readonly string[] {
  const blocks: string[] = [];
  for (let from = 0; from < text.length; from += blocks.at(-1)?.length ?? 0) {
    const block = beginningOf(text.slice(from, from + BLOCK_CHARACTERS + 1), BLOCK_CHARACTERS, BLOCK_CHARACTERS);
    const lineBreak = from + block.length < text.length ? block.lastIndexOf("\n") : -1;
    blocks.push(lineBreak === -1 ? block : block.slice(0, lineBreak + 1));
  }
  return blocks;
}
