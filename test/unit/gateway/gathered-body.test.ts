import fc from "fast-check";
import { expect, test } from "vitest";
import { GatheredBody } from "../../../services/gateway/exchange/gathered-body.ts";

test("a body is whole however it is cut, and whatever was told of its length", () => {
  const pieces = fc.array(fc.tuple(fc.nat({ max: 65_536 }), fc.nat({ max: 255 })), { maxLength: 12 });
  const told = fc.oneof(fc.constant(0), fc.nat({ max: 1_000_000 }), fc.constant(2 ** 32 - 1));
  fc.assert(
    fc.property(pieces, told, (cuts, toldBytes) => {
      const body = new GatheredBody(toldBytes);
      const sent = cuts.map(([length, fill]) => Buffer.alloc(length, fill));
      for (const piece of sent) body.add(piece);
      expect(body.whole.equals(Buffer.concat(sent))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("a body whose length was told has as much memory as it needs, and is made once", () => {
  const body = new GatheredBody(100_000);
  body.add(Buffer.alloc(60_000));
  body.add(Buffer.alloc(40_000));
  expect(body.whole.buffer.byteLength).toBe(100_000);
});

test("nobody is made room for on their word alone", () => {
  const body = new GatheredBody(2 ** 32 - 1);
  body.add(Buffer.from("{"));
  expect(body.whole.buffer.byteLength).toBeLessThanOrEqual(256 * 1024);
});

test("a whole body lies in at most twice its memory, whatever was told of its length", () => {
  const body = new GatheredBody(2 ** 32 - 1);
  for (let piece = 0; piece < 22; piece += 1) body.add(Buffer.alloc(65_536, piece));
  const { whole } = body;
  expect(whole.buffer.byteLength).toBeLessThanOrEqual(2 * whole.length);
  expect(whole[65_536 * 21]).toBe(21);
});
