import fc from "fast-check";
import { expect, test } from "vitest";
import { completionsAt } from "../../../console/src/filter/filter-completion.ts";
import { FILTER_FIELDS } from "../../../console/src/filter/filter-fields.ts";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";

const KNOWN = new Map([
  ["endpoint", ["demo", "it's"]],
  ["tags.", ["team", "a key"]],
]);

/** What is offered where the caret stands (`|`). */
function offered(text: string): readonly string[] {
  const caret = text.indexOf("|");
  return completionsAt(text.replace("|", ""), caret, KNOWN).options.map(({ label }) => label);
}

/** The text once the first offer is taken. */
function taken(text: string): string {
  const caret = text.indexOf("|");
  const filter = text.replace("|", "");
  const { from, to, options } = completionsAt(filter, caret, KNOWN);
  return `${filter.slice(0, from)}${options[0]?.insert ?? ""}${filter.slice(to)}`;
}

test("fields, then operators, then values, then joints are offered", () => {
  expect(offered("|")).toContain("status");
  expect(offered("sta|")).toEqual(["status", "span.status", "timestamp"]);
  expect(offered("status |")).toEqual(["=", "!="]);
  expect(offered("status = |")).toEqual(["OK", "ERROR", "IN_PROGRESS"]);
  expect(offered("status = 'OK' |")).toEqual(["AND", "OR"]);
  expect(offered("status = 'OK' AND NOT (end|")).toEqual(["endpoint", "end_time"]);
  expect(offered("session IS |")).toContain("IS NULL");
  expect(offered("endpoint IN ('demo', |")).toEqual(["demo", "it's"]);
});

test("what is taken replaces what was begun, quoted as it must be", () => {
  expect(taken("endpoint = de|")).toBe("endpoint = 'demo' ");
  expect(taken("endpoint = 'it|")).toBe("endpoint = 'it''s' ");
  expect(taken("tags.a|")).toBe('tags."a key" ');
  expect(taken("sta| = 'OK'")).toBe("status  = 'OK'");
});

test("where what stands before is no filter, nothing is offered", () => {
  expect(offered("= |")).toEqual([]);
  expect(offered("status = = |")).toEqual([]);
  expect(offered("§ |")).toEqual([]);
});

test("nothing that is written makes it fail", () => {
  fc.assert(fc.property(fc.string(), fc.nat(), (text, at) => void completionsAt(text, at % (text.length + 1), KNOWN)));
});

test("every field and operator that is offered is one that the store reads", () => {
  for (const { name, operators, values } of FILTER_FIELDS) {
    const path = name.endsWith(".") ? `${name}key` : name;
    for (const operator of operators) {
      const value = values?.[0] === undefined ? valueFor(operator, name) : `'${values[0]}'`;
      const filter = operator.startsWith("IS") ? `${path} ${operator}` : `${path} ${operator} ${value}`;
      expect(() => parseFilter(filter), filter).not.toThrow();
    }
  }
});

function valueFor(operator: string, name: string): string {
  if (operator === "IN") return "('a', 'b')";
  return ["duration", "timestamp", "end_time"].includes(name) || /[<>]/.test(operator) ? "5" : "'a'";
}
