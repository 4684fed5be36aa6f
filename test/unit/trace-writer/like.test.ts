import fc from "fast-check";
import { expect, test } from "vitest";
import { isLike } from "../../../services/trace-writer/core/search/like.ts";

test.each([
  ["abc", "abc", true],
  ["abc", "ab", false],
  ["abc", "a%", true],
  ["abc", "%b%", true],
  ["abc", "a_c", true],
  ["abc", "_", false],
  ["aXbXc", "a%b%c", true],
  ["ab", "ab%b", false],
  ["50%", "50\\%", true],
  ["50x", "50\\%", false],
  ["", "%", true],
  ["ABC", "abc", false],
])("%s is like %s: %s", (text, pattern, expected) => {
  expect(isLike(text, pattern, false)).toBe(expected);
});

test("a pattern matches what an expression of the same meaning matches", () => {
  const some = (alphabet: string) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 10 });
  fc.assert(
    fc.property(some("abA"), some("abA%_"), fc.boolean(), (text, pattern, ignoresCase) => {
      const meaning = new RegExp(`^${pattern.replaceAll("%", ".*").replaceAll("_", ".")}$`, ignoresCase ? "i" : "");
      expect(isLike(text, pattern, ignoresCase)).toBe(meaning.test(text));
    }),
    { numRuns: 1000 },
  );
});

test("the worst pattern over a long text takes milliseconds", () => {
  const start = performance.now();
  expect(isLike("a".repeat(1_000_000), `%${"a_".repeat(62)}b%`, true)).toBe(false);
  expect(performance.now() - start).toBeLessThan(2000);
});
