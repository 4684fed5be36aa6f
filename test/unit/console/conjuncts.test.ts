import fc from "fast-check";
import { expect, test } from "vitest";
import { conjunctsOf, equals, withConjunct, withoutConjunct } from "../../../console/src/filter/conjuncts.ts";
import { parseFilter } from "../../../services/trace-writer/core/search/filter-parser.ts";

test("a filter is cut where all of its parts must hold, as they were written", () => {
  const filter = "status = 'ERROR' and (model = 'a' OR model = 'b AND c')  AND duration>1";
  expect(conjunctsOf(filter)).toEqual([
    { text: "status = 'ERROR'", at: 0 },
    { text: "(model = 'a' OR model = 'b AND c')", at: 21 },
    { text: "duration>1", at: 61 },
  ]);
});

test("with an OR at the top it is one part, and none where nothing is written", () => {
  expect(conjunctsOf("a = 'x' OR b = 'y' AND c = 'z'")).toHaveLength(1);
  expect(conjunctsOf("  ")).toEqual([]);
});

test("what is no filter yet is not cut", () => {
  expect(conjunctsOf("status = 'ERR")).toBeUndefined();
  expect(conjunctsOf("status = §")).toBeUndefined();
});

test("parts that are added and taken away leave the others as they are", () => {
  const filter = withConjunct(withConjunct("", "status = 'ERROR'"), "model = 'a' OR model = 'b'");
  expect(filter).toBe("status = 'ERROR' AND (model = 'a' OR model = 'b')");
  expect(withoutConjunct(filter, 0)).toBe("(model = 'a' OR model = 'b')");
  expect(withoutConjunct("status = 'OK'", 0)).toBe("");
});

test("a comparison with any text is one that the store reads, and stays one part among others", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const filter = withConjunct(equals("session", one), equals("user", other));
      expect(parseFilter(filter)).toMatchObject({ kind: "and" });
      expect(conjunctsOf(filter)?.map(({ text }) => text)).toEqual([equals("session", one), equals("user", other)]);
    }),
  );
});
