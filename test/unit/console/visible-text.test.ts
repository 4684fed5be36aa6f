import fc from "fast-check";
import { expect, test } from "vitest";
import { beginningOf, blocksOf, visiblePieces } from "../../../console/src/format/visible-text.ts";

test("characters that turn or hide others are told by their codes", () => {
  expect(visiblePieces("safe\u202Egnp.exe\u0000")).toEqual([
    { kind: "text", text: "safe" },
    { kind: "control", code: "U+202E" },
    { kind: "text", text: "gnp.exe" },
    { kind: "control", code: "U+0000" },
  ]);
});

test("lines, tabs, any script and joined emoji stay as they are", () => {
  const text = "a\tb\r\nこんにちは שלום 👩‍👩‍👧";
  expect(visiblePieces(text)).toEqual([{ kind: "text", text }]);
});

test("no text is lost, and none that is shown has an unseen character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const pieces = visiblePieces(text);
      const restored = pieces.map((piece) =>
        piece.kind === "text" ? piece.text : String.fromCodePoint(Number.parseInt(piece.code.slice(2), 16)),
      );
      expect(restored.join("")).toBe(text);
      const shown = pieces.map((piece) => (piece.kind === "text" ? piece.text : "")).join("");
      expect(/[\u202a-\u202e\u2066-\u2069]/.test(shown)).toBe(false);
    }),
  );
});

test("the beginning of a text ends at a line or at a character, and within no pair", () => {
  expect(beginningOf("a\nb\nc", 100, 2)).toBe("a\nb\n");
  expect(beginningOf("abcdef", 3, 10)).toBe("abc");
  expect(beginningOf("ab😀", 3, 10)).toBe("ab");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const beginning = beginningOf(text, max, 5);
      expect(text.startsWith(beginning) && beginning.length <= max).toBe(true);
      expect(beginning.isWellFormed()).toBe(true);
    }),
  );
});

test("a text in blocks is the text, cut behind lines where it can be", () => {
  const lines = "a line of text\n".repeat(4000);
  expect(blocksOf(lines).join("")).toBe(lines);
  expect(blocksOf(lines).every((block) => block.endsWith("\n"))).toBe(true);
  const emoji = `x${"😀".repeat(30_000)}`;
  expect(blocksOf(emoji).join("")).toBe(emoji);
  expect(blocksOf(emoji).every((block) => block.isWellFormed() && block.length <= 20_000)).toBe(true);
  expect(blocksOf("")).toEqual([]);
});
