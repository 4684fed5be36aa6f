import { filterFault } from "./filter-fault.ts";

/** A piece of a filter's text, and where it begins. */
export interface Token {
  readonly kind: "word" | "text" | "number" | "operator" | "(" | ")" | "," | "end";
  /** Of a text what is between its quotes; of a word the path with its quotes removed. */
  readonly text: string;
  readonly at: number;
  /** Of a word: whether a part of it was quoted, so that it is a field and no keyword. */
  readonly quoted: boolean;
}

const FILTER_MAX = 8000;
const SPACE = /\s+/y;
const NUMBER = /[-+]?\d+(\.\d+)?(?![\w.])/y;
const OPERATOR = /!=|<>|<=|>=|=|<|>/y;
const WORD = /[A-Za-z_][\w./:@-]*/y;

/** Cuts a filter into tokens; the last is `end`. Linear in its length. */
export function tokensOf(filter: string): readonly Token[] {
  if (filter.length > FILTER_MAX) throw filterFault(FILTER_MAX, `it must have at most ${FILTER_MAX} characters.`);
  const tokens: Token[] = [];
  let at = 0;
  while (at < filter.length) {
    at += matchAt(SPACE, filter, at).length;
    if (at === filter.length) break;
    const { token, end } = tokenAt(filter, at);
    tokens.push(token);
    at = end;
  }
  tokens.push({ kind: "end", text: "", at, quoted: false });
  return tokens;
}

function tokenAt(filter: string, at: number): { readonly token: Token; readonly end: number } {
  const made = (kind: Token["kind"], text: string, end: number, quoted = false) => ({
    token: { kind, text, at, quoted },
    end,
  });
  const char = filter.charAt(at);
  if (char === "(" || char === ")" || char === ",") return made(char, char, at + 1);
  if (char === "'" || char === '"') {
    const { text, end } = quotedAt(filter, at);
    return made("text", text, end);
  }
  const operator = matchAt(OPERATOR, filter, at);
  if (operator !== "") return made("operator", operator === "<>" ? "!=" : operator, at + operator.length);
  const number = matchAt(NUMBER, filter, at);
  if (number !== "") return made("number", number, at + number.length);
  const { text, end, quoted } = pathAt(filter, at);
  if (end === at) {
    throw filterFault(
      at,
      `"${char}" is not expected here. Texts stand in single quotes, keys with blanks in backticks.`,
    );
  }
  return made("word", text, end, quoted);
}

/** A field's path: words with dots between them. A part of it may be quoted: `metadata."a key"`, `` `attributes`.name ``. */
function pathAt(
  filter: string,
  start: number,
): { readonly text: string; readonly end: number; readonly quoted: boolean } {
  let text = "";
  let end = start;
  let quoted = false;
  for (;;) {
    const char = filter.charAt(end);
    const opensQuote = char === "`" || (char === '"' && text.endsWith("."));
    if (opensQuote && (text === "" || text.endsWith("."))) {
      const part = quotedAt(filter, end);
      text += part.text;
      end = part.end;
      quoted = true;
      if (filter.charAt(end) !== ".") return { text, end, quoted };
      text += ".";
      end += 1;
      continue;
    }
    const word = matchAt(WORD, filter, end);
    text += word;
    end += word.length;
    if (word === "" || !text.endsWith(".")) return { text, end, quoted };
  }
}

/** What is between quotes; a quote within is written twice. */
function quotedAt(filter: string, start: number): { readonly text: string; readonly end: number } {
  const quote = filter.charAt(start);
  let text = "";
  let from = start + 1;
  for (;;) {
    const close = filter.indexOf(quote, from);
    if (close === -1) throw filterFault(start, `the quote that opens here (${quote}) is not closed.`);
    text += filter.slice(from, close);
    if (filter.charAt(close + 1) !== quote) return { text, end: close + 1 };
    text += quote;
    from = close + 2;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}
