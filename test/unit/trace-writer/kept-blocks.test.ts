import { expect, test } from "vitest";
import { createKeptBlocks } from "../../../services/trace-writer/store/sqlite/kept-blocks.ts";

const bytes = (text: string) => Buffer.from(text);

test("a block is found again as long as its bytes are the same", () => {
  const kept = createKeptBlocks(100, () => {});
  kept.keep(1n, bytes("packed"), bytes("unpacked"));
  expect(kept.find(1n, bytes("packed"))).toEqual(bytes("unpacked"));
  expect(kept.find(1n, bytes("erased"))).toBeUndefined();
  expect(kept.find(2n, bytes("packed"))).toBeUndefined();
  kept.keep(1n, bytes("erased"), bytes("rest"));
  expect(kept.find(1n, bytes("erased"))).toEqual(bytes("rest"));
});

test("of more than it may keep those go that were asked for longest ago, and whoever owns them hears of it", () => {
  let gone = 0;
  const kept = createKeptBlocks(30, ({ length }) => {
    gone += length;
  });
  for (const block of [1n, 2n, 3n]) kept.keep(block, bytes("p"), bytes("123456789"));
  kept.find(1n, bytes("p"));
  kept.keep(4n, bytes("p"), bytes("123456789"));
  expect([1n, 2n, 3n, 4n].filter((block) => kept.find(block, bytes("p")) !== undefined)).toEqual([1n, 3n, 4n]);
  expect(gone).toBe(10);
  kept.keep(5n, bytes("p"), Buffer.alloc(100));
  expect(gone).toBe(4 * 10 + 101);
  expect([1n, 5n].map((block) => kept.find(block, bytes("p")))).toEqual([undefined, undefined]);
});
