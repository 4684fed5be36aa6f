import type { TextRange } from "./pattern.ts";

const LENGTH_MIN = 13;
const LENGTH_MAX = 19;
/** Card numbers are written in one group of digits, or in some of three and more with one sign between them. */
const GROUP = /\d{3,19}/g;
const BETWEEN = /^[ \u00a0\u202f\u2010-\u2015-]$/;
/** What the numbers of the large networks begin with. */
const FIRST_DIGIT = /^[2-6]/;

/** Where card numbers are in a text: 13 to 19 digits, in one or in groups, whose check digit is right. */
export function* cardNumbersIn(text: string): Generator<TextRange, void, void> {
  let groups: TextRange[] = [];
  for (const { index, 0: digits } of text.matchAll(GROUP)) {
    const group = { start: index, end: index + digits.length };
    const last = groups.at(-1);
    if (last !== undefined && !(group.start === last.end + 1 && BETWEEN.test(text.slice(last.end, group.start)))) {
      yield* numbersAmong(text, groups);
      groups = [];
    }
    groups.push(group);
  }
  yield* numbersAmong(text, groups);
}

/** The numbers that neighbouring groups of digits make, the longest from each place. */
function* numbersAmong(text: string, groups: readonly TextRange[]): Generator<TextRange, void, void> {
  for (let first = 0; first < groups.length; first += 1) {
    let digits = "";
    let found: number | undefined;
    for (let next = first; next < groups.length; next += 1) {
      const group = groups[next];
      if (group === undefined || !isWhole(text, group)) break;
      digits += text.slice(group.start, group.end);
      if (digits.length > LENGTH_MAX) break;
      if (digits.length >= LENGTH_MIN && FIRST_DIGIT.test(digits) && isCheckedByLuhn(digits)) found = next;
    }
    const start = groups[first]?.start;
    const end = found === undefined ? undefined : groups[found]?.end;
    if (start === undefined || end === undefined || found === undefined) continue;
    yield { start, end };
    first = found;
  }
}

/** Whether a group has all of its digits: one of more than nineteen is cut, and is no part of a card number. */
function isWhole(text: string, { start, end }: TextRange): boolean {
  const isDigit = (char: string | undefined) => char !== undefined && char >= "0" && char <= "9";
  return !isDigit(text[start - 1]) && !isDigit(text[end]);
}

function isCheckedByLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 0x30;
    const doubled = at % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
