import { compile, type JSONPathQuery } from "json-p3";
import type { Pattern } from "./pattern.ts";

/** A JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What is blacked out: every value at a place, or whatever a pattern finds in any text. */
export type RedactionRule = { readonly path: string } | { readonly pattern: Pattern };

/** What is left of something, and how much was blacked out of it. */
export interface Redacted<What> {
  readonly what: What;
  readonly count: number;
}

/** Blacks out. Both throw where a rule cannot be applied: then nothing of it may be kept. */
export interface Redactor {
  /** Whether there are rules for places, which only JSON has. */
  readonly hasPaths: boolean;
  /** Of a JSON value, which may be changed by it. */
  json(value: JsonValue): Redacted<JsonValue>;
  /** Of a text that is no JSON, to which rules for places say nothing. */
  text(text: string): Redacted<string>;
}

/** What is nested deeper is not looked at, and so cannot be kept. */
export const DEPTH_MAX = 200;
/** JSON within a text of JSON, and so on: what is nested deeper is looked at as a text. */
const JSON_IN_TEXT_MAX = 8;

/**
 * Makes one of rules, which apply in their order: first those for places, then the patterns. Patterns look at every
 * text as it reads without JSON's escapes, keys and numbers included, and at what stands as JSON within a text, however
 * cut. Throws where a path is no JSONPath.
 */
export function createRedactor(rules: readonly RedactionRule[]): Redactor {
  const paths = rules.flatMap((rule) => ("path" in rule ? [compile(rule.path)] : []));
  const patterns = rules.flatMap((rule) => ("pattern" in rule ? [rule.pattern] : []));
  return {
    hasPaths: paths.length > 0,
    json(value) {
      const redaction = new Redaction(patterns);
      const what = redaction.value(redaction.withoutPlaces(value, paths), 0, 0);
      return { what, count: redaction.count };
    },
    text(text) {
      const redaction = new Redaction(patterns);
      return { what: redaction.text(text, 0), count: redaction.count };
    },
  };
}

/** What stands in the place of a value. */
const BLACKED_OUT = "[redacted]";

class Redaction {
  readonly #patterns: readonly Pattern[];
  count = 0;

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns;
  }

  withoutPlaces(whole: JsonValue, paths: readonly JSONPathQuery[]): JsonValue {
    const root: JsonValue[] = [whole];
    for (const path of paths) {
      for (const { location } of path.query(root[0] ?? null).nodes) {
        const isThere = blackOut(root, [0, ...location]);
        if (isThere) this.count += 1;
      }
    }
    return root[0] ?? null;
  }

  value(value: JsonValue, depth: number, jsonInText: number): JsonValue {
    if (typeof value === "string") return this.text(value, jsonInText);
    if (typeof value === "number") {
      const text = this.#withoutPatterns(String(value));
      return text ?? value;
    }
    if (typeof value !== "object" || value === null) return value;
    if (depth > DEPTH_MAX) throw new RangeError(`The payload is nested more than ${DEPTH_MAX} deep.`);
    if (Array.isArray(value)) return value.map((item) => this.value(item, depth + 1, jsonInText));
    // Without a prototype: a key may be `__proto__`.
    const kept: { [key: string]: JsonValue } = Object.create(null);
    for (const [key, inner] of Object.entries(value)) {
      kept[this.#freeKey(kept, key)] = this.value(inner, depth + 1, jsonInText);
    }
    return kept;
  }

  text(text: string, jsonInText: number): string {
    if (this.#patterns.length === 0) return text;
    const outer = jsonInText < JSON_IN_TEXT_MAX ? this.#withoutPatternsInJson(text, jsonInText + 1) : text;
    const plain = this.#withoutPatterns(outer) ?? outer;
    // JSON that is cut off, or is only a part of the text, has escapes that no parser can undo.
    return (plain.includes("\\") && this.#withoutPatterns(unescaped(plain))) || plain;
  }

  /** A text that is JSON itself, such as the arguments of a tool call: written anew where something was found in it. */
  #withoutPatternsInJson(text: string, jsonInText: number): string {
    if (!/^\s*[[{"]/.test(text)) return text;
    const parsed = parsedJson(text);
    if (parsed === undefined) return text;
    const before = this.count;
    const kept = this.value(parsed, 0, jsonInText);
    return this.count === before ? text : JSON.stringify(kept);
  }

  /** Undefined: nothing was found. */
  #withoutPatterns(text: string): string | undefined {
    let kept = text;
    for (const { name, find } of this.#patterns) {
      let from = 0;
      let replaced = "";
      for (const { start, end } of find(kept)) {
        replaced += `${kept.slice(from, start)}[redacted:${name}]`;
        from = end;
        this.count += 1;
      }
      if (from > 0) kept = replaced + kept.slice(from);
    }
    return kept === text ? undefined : kept;
  }

  /** A key without what patterns find, told apart from others that read the same without it. */
  #freeKey(taken: { readonly [key: string]: JsonValue }, key: string): string {
    const kept = this.text(key, JSON_IN_TEXT_MAX);
    let free = kept;
    for (let number = 2; free in taken; number += 1) free = `${kept}#${number}`;
    return free;
  }
}

/** Puts a text in the place of a value. False: it is no longer there, since what it was in has been blacked out. */
function blackOut(root: JsonValue[], location: readonly (string | number)[]): boolean {
  let around: JsonValue = root;
  for (const [index, step] of location.entries()) {
    if (typeof around !== "object" || around === null) return false;
    const isLast = index === location.length - 1;
    if (Array.isArray(around)) {
      const at = Number(step);
      if (isLast) around[at] = BLACKED_OUT;
      around = around[at] ?? null;
    } else {
      if (isLast) around[step] = BLACKED_OUT;
      around = around[step] ?? null;
    }
  }
  return true;
}

/** The value of a JSON text. Undefined: it is not JSON. */
export function parsedJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A text as it reads without JSON's escapes, however often it was escaped. */
function unescaped(text: string): string {
  return text.replaceAll(
    /\\+(?:u([0-9a-fA-F]{4})|([nrtbf])|(.))/g,
    (_escape, code?: string, space?: string, sign?: string) => {
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return space === undefined ? (sign ?? "") : " ";
    },
  );
}
