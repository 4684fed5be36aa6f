import fc from "fast-check";
import { expect, test } from "vitest";
import { placedSpansOf } from "#lib/traces/span-tree.ts";
import { Span } from "#proto/opentelemetry/proto/trace/v1/trace.ts";

/** Spans by number; 0 is no parent. */
function spanOf(id: number, parent: number): Span {
  const idOf = (figure: number) => Buffer.from(figure === 0 ? "" : figure.toString(16).padStart(16, "0"), "hex");
  return { ...Span.decode(new Uint8Array()), spanId: idOf(id), parentSpanId: idOf(parent), name: String(id) };
}

test("children stand under their parents, and are counted there", () => {
  const spans = [spanOf(3, 2), spanOf(1, 0), spanOf(4, 1), spanOf(2, 1), spanOf(5, 9)];
  const placed = placedSpansOf(spans).map(({ span, depth, isLast, below }) => [span.name, depth, isLast, below]);
  expect(placed).toEqual([
    ["1", 0, false, 3],
    ["4", 1, false, 0],
    ["2", 1, true, 1],
    ["3", 2, true, 0],
    ["5", 0, true, 0],
  ]);
});

test("every span comes once, whomever it names as its parent", () => {
  const pairs = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 12 })), {
    selector: ([id]) => id,
  });
  fc.assert(
    fc.property(pairs, (given) => {
      const placed = placedSpansOf(given.map(([id, parent]) => spanOf(id, parent)));
      expect(placed.map(({ span }) => span.name).toSorted()).toEqual(given.map(([id]) => String(id)).toSorted());
      for (const [at, { depth, below }] of placed.entries()) {
        const following = placed.slice(at + 1);
        const end = following.findIndex((other) => other.depth <= depth);
        expect(below).toBe(end === -1 ? following.length : end);
      }
    }),
  );
});

test("a chain of many spans is no trouble, nor are as many children", () => {
  const chain = Array.from({ length: 50_000 }, (_, index) => spanOf(index + 1, index));
  expect(placedSpansOf(chain).at(-1)?.depth).toBe(49_999);
  const children = Array.from({ length: 200_000 }, (_, index) => spanOf(index + 1, index === 0 ? 0 : 1));
  expect(placedSpansOf(children)[0]?.below).toBe(199_999);
});
