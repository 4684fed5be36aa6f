import { type Token, tokensOf } from "#lib/filter/filter-tokens.ts";

/** A part of a filter that is joined to the others by AND, as it was written. */
export interface Conjunct {
  readonly text: string;
  /** Where it begins in the filter, from 0. */
  readonly at: number;
}

/**
 * The parts of a filter that all must hold. One with an OR at the top is a part as a whole. Undefined: what is written
 * is no filter yet.
 */
export function conjunctsOf(filter: string): readonly Conjunct[] | undefined {
  const tokens = tokensIn(filter);
  if (tokens === undefined) return undefined;
  const joints = topLevel(tokens, "and");
  if (topLevel(tokens, "or").length > 0) return [whole(filter)];
  const starts = [0, ...joints.map(({ at }) => at + "and".length)];
  const ends = [...joints.map(({ at }) => at), filter.length];
  const parts = starts.map((start, index) => trimmed(filter, start, ends[index] ?? filter.length));
  return parts.filter(({ text }) => text !== "");
}

/** A filter that also asks for `added`. Either may be empty. */
export function withConjunct(filter: string, added: string): string {
  const parts = [filter, added].map((part) => part.trim()).filter((part) => part !== "");
  const [only] = parts;
  if (parts.length < 2) return only ?? "";
  return parts.map((part) => (topLevel(tokensIn(part) ?? [], "or").length > 0 ? `(${part})` : part)).join(" AND ");
}

/** A filter without the part that begins at `at`. */
export function withoutConjunct(filter: string, at: number): string {
  return (conjunctsOf(filter) ?? [])
    .filter((conjunct) => conjunct.at !== at)
    .map(({ text }) => text)
    .join(" AND ");
}

/** A comparison of a field with a text: `endpoint = 'demo'`. */
export function equals(field: string, value: string): string {
  return `${field} = '${value.replaceAll("'", "''")}'`;
}

/** The joints of that word that stand in no parentheses. A quoted word is a field. */
function topLevel(tokens: readonly Token[], joint: "and" | "or"): readonly Token[] {
  let depth = 0;
  return tokens.filter(({ kind, text, quoted }) => {
    if (kind === "(") depth += 1;
    if (kind === ")") depth -= 1;
    return depth === 0 && kind === "word" && !quoted && text.toLowerCase() === joint;
  });
}

function tokensIn(filter: string): readonly Token[] | undefined {
  try {
    return tokensOf(filter);
  } catch {
    // A quote that is open, a sign that means nothing: whoever writes it is not done.
    return undefined;
  }
}

function whole(filter: string): Conjunct {
  return trimmed(filter, 0, filter.length);
}

function trimmed(filter: string, start: number, end: number): Conjunct {
  const part = filter.slice(start, end);
  return { text: part.trim(), at: start + (part.length - part.trimStart().length) };
}
