import fc from "fast-check";
import { expect, test } from "vitest";
import { KeptMemory } from "#lib/kept-memory.ts";

const KEPT_BYTES_MAX = 100_000;

test("memory has the length that was asked for, and is the same again as long as it is large enough and not too large", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 * KEPT_BYTES_MAX })), (lengths) => {
      const memory = new KeptMemory(KEPT_BYTES_MAX);
      let kept: ArrayBufferLike | undefined;
      for (const length of lengths) {
        const taken = memory.take(length);
        expect(taken.length).toBe(length);
        if (length > KEPT_BYTES_MAX) {
          expect(taken.buffer).not.toBe(kept);
          continue;
        }
        if (kept !== undefined && length <= kept.byteLength) expect(taken.buffer).toBe(kept);
        expect(taken.buffer.byteLength).toBeLessThanOrEqual(KEPT_BYTES_MAX);
        kept = taken.buffer;
      }
    }),
  );
});
