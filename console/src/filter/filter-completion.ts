import { type Token, tokensOf } from "#lib/filter/filter-tokens.ts";
import { FILTER_FIELDS, type FilterField, filterFieldNamed } from "./filter-fields.ts";

/** What may be written next. */
export interface Completion {
  /** What it puts in the place of what is begun. */
  readonly insert: string;
  /** What it is called in the list. */
  readonly label: string;
  /** What it means. Empty: it speaks for itself. */
  readonly says: string;
}

/** What may be written at a place, and what of the text it replaces. */
export interface Completions {
  readonly from: number;
  readonly to: number;
  readonly options: readonly Completion[];
}

/** Values that are known of fields (`endpoint`), and keys of those that want one (`tags.`). */
export type KnownWords = ReadonlyMap<string, readonly string[]>;

/** More are not offered. */
const OPTIONS_MAX = 12;

/** What may be written in a filter at `caret`, by what stands before it. Empty where nothing sensible is known. */
export function completionsAt(filter: string, caret: number, known: KnownWords): Completions {
  const from = begunAt(filter, caret);
  const begun = filter.slice(from, caret);
  const options = optionsAfter(tokensBefore(filter.slice(0, from)), known);
  const needle = begun.replace(/^'/, "").toLowerCase();
  const fitting = options.filter(({ label }) => label.toLowerCase().includes(needle) && label.toLowerCase() !== needle);
  const first = fitting.filter(({ label }) => label.toLowerCase().startsWith(needle));
  const later = fitting.filter((option) => !first.includes(option));
  return { from, to: caret, options: [...first, ...later].slice(0, OPTIONS_MAX) };
}

/** Where the word or the quoted text begins that is being written. */
function begunAt(filter: string, caret: number): number {
  const before = filter.slice(0, caret);
  const closed = before.replaceAll(/'(?:[^']|'')*'/g, (text) => "\0".repeat(text.length));
  const open = closed.lastIndexOf("'");
  if (open !== -1) return open;
  return caret - (/[\w.:@/-]*$/.exec(closed)?.[0].length ?? 0);
}

function tokensBefore(text: string): readonly Token[] | undefined {
  try {
    return tokensOf(text).slice(0, -1);
  } catch {
    // What stands before is no filter: then nothing sensible can follow.
    return undefined;
  }
}

/** What the grammar wants after these tokens. */
type Wanted =
  | { readonly what: "field" | "nothing" }
  | { readonly what: "operator" | "value" | "joint"; readonly field: string };

function optionsAfter(tokens: readonly Token[] | undefined, known: KnownWords): readonly Completion[] {
  const wanted = (tokens ?? []).reduce<Wanted>(wantedAfter, { what: tokens === undefined ? "nothing" : "field" });
  switch (wanted.what) {
    case "field":
      return [
        ...FILTER_FIELDS.flatMap((field) => fieldOptions(field, known)),
        word("NOT", "what follows must not hold"),
      ];
    case "operator":
      return (filterFieldNamed(wanted.field)?.operators ?? []).map((operator) => word(operator, ""));
    case "value":
      return valuesOf(wanted.field, known).map((value) => ({
        insert: `'${value.replaceAll("'", "''")}' `,
        label: value,
        says: "",
      }));
    case "joint":
      return [word("AND", "both must hold"), word("OR", "one is enough")];
    case "nothing":
      return [];
  }
}

function wantedAfter(wanted: Wanted, token: Token): Wanted {
  const keyword = token.kind === "word" && !token.quoted ? token.text.toUpperCase() : "";
  switch (wanted.what) {
    case "field":
      if (token.kind === "(" || keyword === "NOT") return wanted;
      return token.kind === "word" ? { what: "operator", field: token.text } : { what: "nothing" };
    case "operator":
      if (token.kind === "operator" || ["LIKE", "ILIKE", "IN"].includes(keyword)) return { ...wanted, what: "value" };
      if (keyword === "NULL") return { ...wanted, what: "joint" };
      return keyword === "NOT" || keyword === "IS" ? wanted : { what: "nothing" };
    case "value":
      if (token.kind === "(" || token.kind === ",") return wanted;
      return token.kind === "text" || token.kind === "number" ? { ...wanted, what: "joint" } : { what: "nothing" };
    case "joint":
      if (token.kind === ")") return wanted;
      if (token.kind === ",") return { ...wanted, what: "value" };
      return keyword === "AND" || keyword === "OR" ? { what: "field" } : { what: "nothing" };
    case "nothing":
      return wanted;
  }
}

function fieldOptions({ name, says }: FilterField, known: KnownWords): readonly Completion[] {
  if (!name.endsWith(".")) return [{ insert: `${name} `, label: name, says }];
  const keys = (known.get(name) ?? []).map((key) => {
    const path = `${name}${/^[A-Za-z_][\w.]*$/.test(key) ? key : `"${key.replaceAll('"', '""')}"`}`;
    return { insert: `${path} `, label: `${name}${key}`, says };
  });
  return [{ insert: name, label: name, says }, ...keys];
}

function valuesOf(field: string, known: KnownWords): readonly string[] {
  return filterFieldNamed(field)?.values ?? known.get(field.toLowerCase()) ?? [];
}

function word(text: string, says: string): Completion {
  return { insert: `${text} `, label: text, says };
}
