import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { settingsLost } from "../../../scripts/settings-lost.ts";

/** A schema of one setting, `a`. */
function of(a: object): object {
  return { type: "object", properties: { a }, additionalProperties: false };
}

const text = { type: "string", maxLength: 10 };

test.each([
  ["a setting that is gone", of(text), { ...of(text), properties: {} }, ["a: is gone"]],
  ["another type", of(text), of({ type: "boolean" }), ["a: is boolean, and was string"]],
  ["a lower bound", of(text), of({ ...text, maxLength: 9 }), ["a: maxLength is 9, and was 10"]],
  [
    "a bound where there was none",
    of({ type: "integer" }),
    of({ type: "integer", minimum: 1 }),
    ["a: minimum is 1, and was none"],
  ],
  ["a word that is gone", of({ enum: ["x", "y"] }), of({ enum: ["x"] }), ["a: y is gone"]],
  [
    "words where there was anything",
    of(text),
    of({ ...text, enum: ["x"] }),
    ["a: may only be x, and could be anything"],
  ],
  ["another pattern", of({ ...text, pattern: "^x" }), of({ ...text, pattern: "^y" }), ["a: its pattern has changed"]],
  ["what must be there now", of(text), { ...of(text), required: ["a"] }, ["a: must be there now"]],
  [
    "what is in a list",
    of({ type: "array", items: text }),
    of({ type: "array", items: { ...text, maxLength: 1 } }),
    ["a[]: maxLength is 1, and was 10"],
  ],
  [
    "what is under any name",
    of({ type: "object", additionalProperties: text }),
    of({ type: "object", additionalProperties: { type: "boolean" } }),
    ["a.*: is boolean, and was string"],
  ],
  ["one of two ways", of({ anyOf: [text, { type: "boolean" }] }), of(text), ["a: is string, and was boolean"]],
])("%s is told", (_what, older, newer, lost) => {
  expect(settingsLost(older, newer)).toEqual(lost);
});

test.each([
  ["a further setting", of(text), { ...of(text), properties: { a: text, b: text } }],
  ["wider bounds", of(text), of({ type: "string", maxLength: 11 })],
  ["a further word", of({ enum: ["x"] }), of({ enum: ["y", "x"] })],
  ["a further way", of(text), of({ anyOf: [{ type: "boolean" }, text] })],
  [
    "another default and another description",
    of({ ...text, default: "x" }),
    of({ ...text, default: "y", description: "z" }),
  ],
])("%s is no loss", (_what, older, newer) => {
  expect(settingsLost(older, newer)).toEqual([]);
});

test("the schema that is here takes what it takes", () => {
  const schema: unknown = JSON.parse(readFileSync("twinspan.schema.json", "utf8"));
  expect(settingsLost(schema, schema)).toEqual([]);
});
