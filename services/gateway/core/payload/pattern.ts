/** Where something is in a text: from its first UTF-16 unit to the one after its last. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A kind of text that must not be kept, by its name. */
export interface Pattern {
  readonly name: string;
  /** Where it is in a text: ranges that do not overlap, in order. */
  find(text: string): Iterable<TextRange>;
}

/**
 * A pattern that is a regular expression with the flag `g`. What matches nothing at all is no match. `sign`: what every
 * match has in it, so that texts without it need no search.
 */
export function regexPattern(name: string, regex: RegExp, sign = ""): Pattern {
  return {
    name,
    *find(text) {
      if (!text.includes(sign)) return;
      for (const { index, 0: match } of text.matchAll(regex)) {
        if (match.length > 0) yield { start: index, end: index + match.length };
      }
    },
  };
}

/**
 * A pattern that is a regular expression and a check of what matches it: `lengthOf` says how much of a match is meant,
 * from its beginning. Nothing: the search goes on right behind that beginning.
 */
export function checkedPattern(name: string, regex: RegExp, lengthOf: (match: string) => number): Pattern {
  return {
    name,
    *find(text) {
      const search = new RegExp(regex);
      for (let match = search.exec(text); match !== null; match = search.exec(text)) {
        const length = lengthOf(match[0]);
        if (length > 0) yield { start: match.index, end: match.index + length };
        search.lastIndex = match.index + Math.max(length, 1);
      }
    },
  };
}
