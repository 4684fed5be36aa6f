/** No more of a text than this is looked at, in UTF-16 units. */
const TEXT_MAX = 65_536;

/**
 * Whether a text is like a pattern, as SQL's LIKE says: `%` stands for any characters, `_` for one; a backslash takes a
 * character's meaning away. Takes at most the product of both lengths; of a text the first 65,536 characters count.
 */
export function isLike(text: string, pattern: string, ignoresCase: boolean): boolean {
  const subject = ignoresCase ? text.slice(0, TEXT_MAX).toLowerCase() : text.slice(0, TEXT_MAX);
  const pieces = piecesOf(ignoresCase ? pattern.toLowerCase() : pattern);
  const [first = [], ...others] = pieces;
  if (!matchesAt(subject, first, 0)) return false;
  const last = others.pop();
  if (last === undefined) return subject.length === first.length;
  let at = first.length;
  for (const piece of others) {
    const found = findFrom(subject, piece, at);
    if (found === undefined) return false;
    at = found + piece.length;
  }
  return subject.length - last.length >= at && matchesAt(subject, last, subject.length - last.length);
}

/** One character that is wanted. Undefined: any. */
type Wanted = string | undefined;

/** What stands between the `%` of a pattern. */
function piecesOf(pattern: string): readonly (readonly Wanted[])[] {
  const pieces: Wanted[][] = [[]];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === "%") pieces.push([]);
    else if (char === "_") pieces.at(-1)?.push(undefined);
    else if (char === "\\" && at + 1 < pattern.length) {
      at += 1;
      pieces.at(-1)?.push(pattern.charAt(at));
    } else pieces.at(-1)?.push(char);
  }
  return pieces;
}

function findFrom(text: string, piece: readonly Wanted[], from: number): number | undefined {
  for (let at = from; at + piece.length <= text.length; at += 1) if (matchesAt(text, piece, at)) return at;
  return undefined;
}

function matchesAt(text: string, piece: readonly Wanted[], at: number): boolean {
  return (
    at + piece.length <= text.length && piece.every((char, index) => char === undefined || text[at + index] === char)
  );
}
