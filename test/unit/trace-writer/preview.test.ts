import fc from "fast-check";
import { expect, test } from "vitest";
import { previewOf, previewOfBytes } from "../../../services/trace-writer/core/spans/preview.ts";

test("a preview is the text, or its beginning with dots, never longer than 500 and never half a character", () => {
  const long = fc.string({ unit: "grapheme", minLength: 0, maxLength: 400, size: "max" });
  fc.assert(
    fc.property(long, (text) => {
      for (const preview of [previewOf(text), previewOfBytes(Buffer.from(text))]) {
        expect(preview.length).toBeLessThanOrEqual(500);
        expect(preview.isWellFormed()).toBe(true);
        if (text.length <= 500) expect(preview).toBe(text);
        else expect(text.startsWith(preview.slice(0, -3)) && preview.endsWith("...")).toBe(true);
      }
    }),
  );
});
