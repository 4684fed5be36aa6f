import fc from "fast-check";
import { expect, test } from "vitest";
import { joined, UnsentBody } from "../../../services/ingress/core/request-body.ts";

const GATHERED_BYTES = 16 * 1024;

test("a body is taken byte for byte, never more than was asked for at a time, and in small parts only where so few were asked for", () => {
  const piece = fc
    .tuple(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 40_000 })), fc.nat({ max: 255 }))
    .map(([length, fill]) => Buffer.alloc(length, fill));
  const asked = fc.infiniteStream(fc.integer({ min: 1, max: 70_000 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), asked, (pieces, sizes) => {
      const body = { pieces, bytes: pieces.reduce((sum, { length }) => sum + length, 0) };
      const unsent = new UnsentBody(body);
      const taken: Buffer[] = [];
      for (const bytesMax of sizes) {
        if (unsent.isEmpty) break;
        const part = unsent.take(bytesMax);
        expect(part.length).toBeLessThanOrEqual(bytesMax);
        if (!unsent.isEmpty) expect(part.length).toBeGreaterThanOrEqual(Math.min(bytesMax, GATHERED_BYTES));
        taken.push(part);
      }
      expect(Buffer.concat(taken).equals(joined(body))).toBe(true);
    }),
  );
});

test("a large piece is not copied", () => {
  const piece = Buffer.alloc(100_000, 7);
  const unsent = new UnsentBody({ pieces: [piece], bytes: piece.length });
  expect(unsent.take(64 * 1024).buffer).toBe(piece.buffer);
  expect(unsent.take(64 * 1024).buffer).toBe(piece.buffer);
  expect(unsent.isEmpty).toBe(true);
});
