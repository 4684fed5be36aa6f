import { filterFault } from "#lib/filter/filter-fault.ts";
import { type Token, tokensOf } from "#lib/filter/filter-tokens.ts";
import type { Filter } from "./filter.ts";
import { conditionOf, type Operator, thereCondition } from "./filter-conditions.ts";
import { FIELDS_IN_WORDS, type Field, fieldOf } from "./filter-fields.ts";

/** How deep parentheses and NOT may nest. */
const DEPTH_MAX = 32;
/** How many comparisons a filter may make; each value of an IN is one. */
const TERMS_MAX = 100;
const COMPARISONS = new Set(["=", "!=", "<", "<=", ">", ">="]);
/** What may be told of a field that there is none of: what is in quotes may be a value that was misplaced. */
const FIELD_NAME = /^[\w.]{1,60}$/;
/** What MLflow's language has and these stores do not keep, or will not do. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["feedback", "assessments are not stored here."],
  ["expectation", "assessments are not stored here."],
  ["assessment", "assessments are not stored here."],
  ["prompt", "links to prompts are not stored here."],
  ["issue", "issues are not stored here."],
]);

/**
 * Reads a filter in MLflow's language, which is extended by OR, NOT, parentheses, IN and IS [NOT] NULL. AND binds
 * tighter than OR, NOT tightest. Undefined: it is empty. A fault is an `invalid_request` that says what, where and what
 * to do; it quotes fields and keywords, never values.
 */
export function parseFilter(text: string): Filter | undefined {
  const tokens = tokensOf(text);
  return tokens.length === 1 ? undefined : new Parser(tokens).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Filter {
    const filter = this.#joined("or", 0);
    if (this.#peek().kind !== "end") throw this.#unexpected("AND, OR or the end");
    return filter;
  }

  /** Parts that are joined by OR, of which each is parts that are joined by AND. */
  #joined(kind: "or" | "and", depth: number): Filter {
    const part = () => (kind === "or" ? this.#joined("and", depth) : this.#negated(depth));
    const parts = [part()];
    while (this.#takes(kind)) parts.push(part());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind, parts };
  }

  #negated(depth: number): Filter {
    const { at } = this.#peek();
    if (depth > DEPTH_MAX) throw filterFault(at, `parentheses and NOT must nest at most ${DEPTH_MAX} deep.`);
    if (this.#takes("not")) return { kind: "not", part: this.#negated(depth + 1) };
    if (this.#peek().kind !== "(") return this.#comparison();
    this.#take();
    const inner = this.#joined("or", depth + 1);
    const { kind } = this.#peek();
    if (kind === "end") throw filterFault(at, "the parenthesis that opens here is not closed.");
    if (kind !== ")") throw this.#unexpected("AND, OR or )");
    this.#take();
    return inner;
  }

  /** The fault that something else comes next than what may. */
  #unexpected(expected: string): Error {
    const { kind, text, at } = this.#peek();
    return filterFault(at, `expected ${expected}, not ${kind === "text" ? "a text" : `"${text}"`}.`);
  }

  #comparison(): Filter {
    const word = this.#take();
    const field = fieldNamed(word);
    const { at } = this.#peek();
    if (this.#takes("is")) return this.#isNull(field, word);
    const negated = this.#takes("not");
    const filter = this.#takes("in") ? this.#in(field, at) : this.#compared(field, word, negated);
    if (!negated) return filter;
    const not: Filter = { kind: "not", part: filter };
    return field.type === "text" ? { kind: "and", parts: [thereCondition(field, at), not] } : not;
  }

  #compared(field: Field, word: Token, negated: boolean): Filter {
    const token = this.#take();
    const operator = operatorOf(token);
    if (operator === undefined || (negated && operator !== "LIKE" && operator !== "ILIKE")) {
      throw filterFault(
        token.at,
        negated
          ? "expected LIKE, ILIKE or IN after NOT."
          : `expected =, !=, <, <=, >, >=, LIKE, ILIKE, IN or IS NULL after "${word.text}".`,
      );
    }
    return this.#condition(field, operator, token.at);
  }

  #in(field: Field, at: number): Filter {
    const open = this.#take();
    if (open.kind !== "(") throw filterFault(open.at, "expected values in parentheses after IN.");
    const parts: Filter[] = [];
    do parts.push(this.#condition(field, "=", at));
    while (this.#peek().kind === "," && this.#take());
    if (this.#take().kind !== ")") throw filterFault(open.at, "the parenthesis that opens here is not closed.");
    return { kind: "or", parts };
  }

  #isNull(field: Field, word: Token): Filter {
    const negated = this.#takes("not");
    if (!this.#takes("null")) throw filterFault(this.#peek().at, "expected NULL after IS.");
    this.#count(word.at);
    const there = thereCondition(field, word.at);
    return negated ? there : { kind: "not", part: there };
  }

  #condition(field: Field, operator: Operator, at: number): Filter {
    this.#count(at);
    const value = this.#take();
    if (value.kind !== "text" && value.kind !== "number") {
      throw filterFault(value.at, "expected a value: a text in single quotes, or a number.");
    }
    return conditionOf(field, operator, at, value);
  }

  #count(at: number): void {
    this.#terms += 1;
    if (this.#terms > TERMS_MAX) throw filterFault(at, `a filter must make at most ${TERMS_MAX} comparisons.`);
  }

  #takes(keyword: string): boolean {
    if (!isKeyword(this.#peek(), keyword)) return false;
    this.#next += 1;
    return true;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  /** The next token; behind the last one it stays `end`. */
  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: this.#tokens.at(-1)?.at ?? 0, quoted: false };
  }
}

function fieldNamed({ kind, text, at }: Token): Field {
  if (kind === "end") throw filterFault(at, "it ends where a comparison is expected.");
  if (kind !== "word") throw filterFault(at, `expected a field. There are: ${FIELDS_IN_WORDS}.`);
  const refusal = REFUSED.get(text.toLowerCase().split(".")[0] ?? "");
  if (refusal !== undefined) throw filterFault(at, refusal);
  const field = fieldOf(text);
  if (field === undefined) {
    const named = FIELD_NAME.test(text) ? `no field "${text}"` : "no such field";
    throw filterFault(at, `there is ${named}. There are: ${FIELDS_IN_WORDS}.`);
  }
  return field;
}

function operatorOf(token: Token): Operator | undefined {
  if (isKeyword(token, "rlike")) throw filterFault(token.at, "regular expressions are not offered: use LIKE or ILIKE.");
  if (isKeyword(token, "like")) return "LIKE";
  if (isKeyword(token, "ilike")) return "ILIKE";
  return token.kind === "operator" && isComparison(token.text) ? token.text : undefined;
}

function isComparison(text: string): text is Operator {
  return COMPARISONS.has(text);
}

function isKeyword({ kind, text, quoted }: Token, keyword: string): boolean {
  return kind === "word" && !quoted && text.toLowerCase() === keyword;
}
