import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { pack } from "../../../services/trace-writer/store/packing.ts";
import { openBlockReads } from "../../../services/trace-writer/store/sqlite/block-reads.ts";

/** Blocks of such sizes, in a file of their own, and what is in them. */
function blocksOf(sizes: readonly number[]) {
  const db = new DatabaseSync(":memory:", { readBigInts: true });
  db.exec("CREATE TABLE blocks (id INTEGER PRIMARY KEY, pieces INTEGER, bytes BLOB)");
  const insert = db.prepare("INSERT INTO blocks VALUES (?, 1, ?)");
  const contents = sizes.map((size, id) => {
    // What is stored begins with a protobuf field.
    const content = Buffer.from(`\n${randomBytes(size).toString("hex")}`).subarray(0, size);
    insert.run(id, pack(content));
    return content;
  });
  return { db, contents };
}

test("pieces stay as they are when their blocks are let go of, in this transaction or at its end", () => {
  // Of the last, 4 MiB are more than a transaction remembers.
  const { db, contents } = blocksOf([100, 300, 1_000, 20_000, 70_000, 131_072, 2_500_000, 2_500_000]);
  using _ = db;
  const reads = openBlockReads(db);
  for (let round = 0; round < 2; round += 1) {
    const pieces = contents.map((_, id) => reads.piece({ block: BigInt(id), at: 10, length: 90 }));
    reads.letGo();
    for (const [id, content] of contents.entries()) {
      expect(Buffer.compare(pieces[id] ?? Buffer.alloc(0), content.subarray(10, 100))).toBe(0);
    }
  }
});

test("what large blocks took in memory is given back at the end of a transaction, not when the collector comes", () => {
  const { db, contents } = blocksOf(Array.from({ length: 50 }, () => 100_000));
  using _ = db;
  const reads = openBlockReads(db);
  let grown = 0;
  for (const id of contents.keys()) {
    const before = process.memoryUsage().arrayBuffers;
    reads.piece({ block: BigInt(id), at: 0, length: 1_000 });
    reads.letGo();
    grown += Math.max(0, process.memoryUsage().arrayBuffers - before);
  }
  // The pieces, and now and then a buffer that small ones share.
  expect(grown).toBeLessThan(10 * 100_000);
});
