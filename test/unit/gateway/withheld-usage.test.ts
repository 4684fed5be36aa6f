import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutUsage } from "../../../services/gateway/dialects/openai-chat/withheld-usage.ts";

type Member = readonly [name: string, json: string];

const member: fc.Arbitrary<Member> = fc.tuple(
  fc.constantFrom("id", "choices", "model", 'us"age', "\u00fcsage", "service_tier"),
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
    fc.constantFrom('[{"usage":null}]', '"\\"usage\\":null"'),
  ),
);
const members = fc.uniqueArray(member, { selector: ([name]) => name, maxLength: 4 });
/** How providers write JSON: as JavaScript does, as Python does, over several lines. */
const style = fc.constantFrom([",", ":", ""], [", ", ": ", ""], [",\n", " : ", "\t"]);

test("a usage of null goes with its comma, wherever it stands, and every other byte stays", () => {
  fc.assert(
    fc.property(members, fc.nat(4), style, fc.constantFrom("", "\nid: 7"), (others, at, [comma, colon, pad], more) => {
      const written = (all: readonly Member[]) =>
        `data: {${pad}${all.map(([name, json]) => JSON.stringify(name) + colon + json).join(comma)}${pad}}${more}\n\n`;
      const asked = others.toSpliced(at, 0, ["usage", "null"]);
      const chunk = Object.fromEntries(asked.map(([name, json]) => [name, JSON.parse(json)]));
      expect(withoutUsage(Buffer.from(written(asked)), chunk).toString()).toBe(written(others));
    }),
    { numRuns: 1_000 },
  );
});

test("the chunk that is nothing but usage goes whole; usage beside an answer stays", () => {
  const event = (chunk: object) => Buffer.from(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
  const usage = { prompt_tokens: 1 };
  for (const [chunk, stays] of [
    [{ choices: [], usage }, false],
    [{ choices: [{ index: 0 }], usage }, true],
    [{ choices: [] }, true],
  ] as const) {
    expect(withoutUsage(event(chunk), chunk)).toEqual(stays ? event(chunk) : Buffer.alloc(0));
  }
});
