import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "#lib/json-value.ts";
import { scanJsonFields } from "../../../services/gateway/dialects/json-fields.ts";

const WANTED = ["model", "stream", "stream_options"];

const key = fc.oneof(fc.constantFrom(...WANTED, "messages", "__proto__", ""), fc.string({ unit: "binary" }));
/** An object's fields in order, a key at most once. */
const fields = fc.uniqueArray(fc.tuple(key, fc.jsonValue({ maxDepth: 4 })), {
  selector: ([name]) => name,
  maxLength: 8,
});
const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 2 });

/** A key written with every character escaped, as JSON allows. */
function escaped(name: string): string {
  const units = Array.from({ length: name.length }, (_, at) => name.charCodeAt(at).toString(16).padStart(4, "0"));
  return `"${units.map((unit) => `\\u${unit}`).join("")}"`;
}

const text = fc.tuple(fields, space, fc.boolean()).map(([pairs, gap, escapes]) => {
  const members = pairs.map(
    ([name, value]) =>
      `${gap}${escapes ? escaped(name) : JSON.stringify(name)}${gap}:${gap}${JSON.stringify(value)}${gap}`,
  );
  return { pairs, json: `${gap}{${members.join(",")}}${gap}` };
});

test("it finds what JSON.parse finds, wherever and however it is written", () => {
  fc.assert(
    fc.property(text, ({ pairs, json }) => {
      const bytes = Buffer.from(json);
      const { values, fault, isEmpty } = scanJsonFields(bytes, WANTED);
      expect(fault).toBeUndefined();
      expect(isEmpty).toBe(pairs.length === 0);
      const parsed = new Map(Object.entries(JSON.parse(json)));
      for (const name of WANTED) {
        const range = values.get(name);
        expect(range !== undefined).toBe(parsed.has(name));
        if (range) expect(JSON.parse(bytes.toString("utf8", range.start, range.end))).toEqual(parsed.get(name));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a body that is cut off anywhere has a fault, and what came before the cut is still found", () => {
  fc.assert(
    fc.property(text, ({ json }) => {
      const bytes = Buffer.from(json.trimEnd());
      const whole = scanJsonFields(bytes, WANTED);
      for (let length = 0; length < bytes.length; length += 1) {
        const cut = scanJsonFields(bytes.subarray(0, length), WANTED);
        expect(cut.fault).toBeDefined();
        for (const [name, range] of cut.values) expect(whole.values.get(name)).toEqual(range);
      }
    }),
    { numRuns: 100 },
  );
});

test("no bytes make it throw or run away, and what JSON.parse reads as an object it reads too", () => {
  const junk = fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ \na1', "model", '"model"', "é", "\u0000") });
  fc.assert(
    fc.property(fc.oneof(junk, fc.string({ unit: "binary" })), (some) => {
      const { fault } = scanJsonFields(Buffer.from(some), WANTED);
      const parsed = parseJson(some);
      const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
      if (isObject && some.split("model").length < 3) expect(fault).toBeUndefined();
    }),
    { numRuns: 5_000 },
  );
});

test("a wanted field that is there twice is a fault, also when one is written with escapes", () => {
  for (const twice of ['{"model":"a","model":"b"}', `{"model":"a",${escaped("model")}:"b"}`]) {
    expect(scanJsonFields(Buffer.from(twice), WANTED).fault).toBe('the field "model" is there twice');
  }
  expect(scanJsonFields(Buffer.from('{"other":1,"other":2,"nested":{"model":1,"model":2}}'), WANTED).fault).toBe(
    undefined,
  );
});

test.each([
  ["", "the body is not a JSON object"],
  ["[]", "the body is not a JSON object"],
  ['"model"', "the body is not a JSON object"],
  ['{"model":"a"} x', "there is text after the end of the object, at byte 14"],
  ['{"model":"a",}', "a field's name is missing at byte 13"],
  ['{"model" "a"}', "a colon is missing at byte 9"],
  ['{"model":}', "a value is missing at byte 9"],
  ['{"model":1 "a":2}', "a comma is missing at byte 11"],
])("%j: %s", (json, fault) => {
  expect(scanJsonFields(Buffer.from(json), WANTED).fault).toBe(fault);
});

test("depth costs no stack", () => {
  const deep = `{"a":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)},"model":"m"}`;
  expect(scanJsonFields(Buffer.from(deep), WANTED).values.has("model")).toBe(true);
});
