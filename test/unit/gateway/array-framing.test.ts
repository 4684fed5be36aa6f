import fc from "fast-check";
import { expect, test } from "vitest";
import { ArrayFraming } from "../../../services/gateway/dialects/gemini/array-framing.ts";
import { cutAt } from "./cut-at.ts";

const space = fc.constantFrom("", "\n", " \r\n", "\t ");
/** Values whose strings are full of what could be taken for structure. */
const strings = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("]", "}", '"', "\\", '\\"', "[{", ",", "é\\"),
);
const object = fc.dictionary(
  strings,
  fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    strings,
    fc.array(fc.oneof(strings, fc.array(strings), fc.dictionary(strings, strings))),
  ),
);
/** An array as text, element by element with what stands before each, and its rest. */
const written = fc
  .tuple(fc.array(fc.tuple(space, object, space, fc.boolean())), space, space)
  .map(([items, ...ends]) => {
    const elements = items.map(([before, value, , isPretty], index) => {
      const comma = index === 0 ? `${ends[0]}[` : `${items[index - 1]?.[2] ?? ""},`;
      return { lead: comma + before, json: JSON.stringify(value, null, isPretty ? 2 : 0) };
    });
    const rest = `${items.length === 0 ? `${ends[0]}[` : (items.at(-1)?.[2] ?? "")}${ends[1]}]${ends[1]}`;
    return { elements, rest };
  });

test("any array of objects is cut at its elements, wherever the network cuts it, and no byte is changed", () => {
  fc.assert(
    fc.property(written, fc.array(fc.nat(500), { maxLength: 30 }), ({ elements, rest }, places) => {
      const text = elements.map(({ lead, json }) => lead + json).join("") + rest;
      const framing = new ArrayFraming(100_000);
      const events = cutAt(Buffer.from(text), places).flatMap((piece) => [...framing.push(piece)]);
      expect(events.map(String)).toEqual(elements.map(({ lead, json }) => lead + json));
      expect(events.map((event) => framing.dataOf(event))).toEqual(elements.map(({ json }) => json));
      expect(framing.mayEnd).toBe(true);
      expect(framing.rest().toString()).toBe(rest);
    }),
    { numRuns: 1_500 },
  );
});

test("an element goes on with its last byte, and the array may not end before its bracket", () => {
  const framing = new ArrayFraming(100);
  const push = (text: string) => [...framing.push(Buffer.from(text))].map(String);
  expect(push('[{"a":"}')).toEqual([]);
  expect(push('"}')).toEqual(['[{"a":"}"}']);
  expect(push("\n,\n")).toEqual([]);
  expect(push('{"b":[{}]')).toEqual([]);
  expect(framing.mayEnd).toBe(false);
  expect(push("}\n]")).toEqual(['\n,\n{"b":[{}]}']);
  expect(framing.mayEnd).toBe(true);
});

test.each(["{}", "7", '"[{}]"', "[7]", '["a"]', "[[]]", "[{},]", "[,{}]", "[{}{}]", "[{}] x", "[{}]]", "[}", "no"])(
  "%s is no array of objects, and what came before that is taken",
  (text) => {
    const framing = new ArrayFraming(100);
    const taken: string[] = [];
    const push = () => {
      for (const event of framing.push(Buffer.from(text))) taken.push(event.toString());
    };
    expect(push).toThrow("not one JSON array of objects");
    expect(taken).toEqual(text.startsWith("[{}") ? ["[{}"] : []);
  },
);

test("an element that is too long is refused, however it was cut; one that just fits is not", () => {
  const element = (bytes: number) => Buffer.from(`[{"a":"${"x".repeat(bytes - 9)}"}`);
  for (const places of [[], [5], [1, 2, 3, 99], [100]]) {
    const push = (bytes: Buffer) => {
      const framing = new ArrayFraming(100);
      for (const piece of cutAt(bytes, places)) [...framing.push(piece)].forEach(String);
    };
    expect(() => push(element(100))).not.toThrow();
    expect(() => push(element(101))).toThrow(RangeError);
    expect(() => push(Buffer.concat([element(60), Buffer.from(","), element(60).subarray(1)]))).not.toThrow();
  }
});

test("a large element costs one pass, also where it is full of quotes and backslashes", () => {
  const text = `[{"a":"${'\\"'.repeat(1_000_000)}","b":"${"\\\\".repeat(1_000_000)}"}]`;
  const framing = new ArrayFraming(10_000_000);
  const startMs = performance.now();
  const places = Array.from({ length: 200 }, (_, at) => at * 20_000 + 1);
  const events = cutAt(Buffer.from(text), places).flatMap((piece) => [...framing.push(piece)]);
  expect(events).toHaveLength(1);
  expect(framing.mayEnd).toBe(true);
  expect(performance.now() - startMs).toBeLessThan(2_000);
});
