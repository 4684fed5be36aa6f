/** A piece of a document, in order. */
export type Piece =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  /** `role`: what follows the language: a file's name, `run`. */
  | { readonly kind: "code"; readonly language: string; readonly role: string; readonly text: string };

/** The pieces of a guide, without its title. It reads the Markdown that the guides are written in, and no other. */
export function piecesOf(markdown: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const blocks = markdown.matchAll(/^```(\S*) ?(.*)\n([\s\S]*?)^```$|((?:(?!^```)\S.*\n?)+)/gm);
  for (const [, language = "", role = "", code, text] of blocks) {
    if (code !== undefined) pieces.push({ kind: "code", language, role: role.trim(), text: code.trimEnd() });
    else if (text !== undefined && !text.startsWith("# ")) pieces.push(pieceOf(text.trimEnd()));
  }
  return pieces;
}

function pieceOf(text: string): Piece {
  if (text.startsWith("#")) return { kind: "heading", text: text.replace(/^#+ /, "") };
  if (text.startsWith("|")) {
    const [head = [], , ...rows] = text.split("\n").map(cellsOf);
    return { kind: "table", head, rows };
  }
  if (text.startsWith("- ")) return { kind: "list", items: text.slice(2).split(/\n- /).map(oneLine) };
  return { kind: "paragraph", text: oneLine(text) };
}

function cellsOf(line: string): readonly string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

/** A part of a line: plain, or in one of the ways that words are set off. */
export type Inline =
  | { readonly kind: "text" | "strong" | "code"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly to: string };

/** The parts of a line, in order. */
export function inlinesOf(line: string): readonly Inline[] {
  const parts: Inline[] = [];
  let end = 0;
  for (const found of line.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)]+)\)/g)) {
    const [whole, code, strong, words, to = ""] = found;
    if (found.index > end) parts.push({ kind: "text", text: line.slice(end, found.index) });
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (strong !== undefined) parts.push({ kind: "strong", text: strong });
    else parts.push({ kind: "link", text: words ?? "", to });
    end = found.index + whole.length;
  }
  if (end < line.length) parts.push({ kind: "text", text: line.slice(end) });
  return parts;
}
