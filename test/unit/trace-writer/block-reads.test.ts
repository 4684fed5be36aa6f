import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { pack } from "../../../services/trace-writer/store/packing.ts";
import { openBlockReads } from "../../../services/trace-writer/store/sqlite/block-reads.ts";

test.each([100, 300, 1_000, 20_000, 70_000])(
  "a block of %i bytes takes so many in memory when it is kept",
  (length) => {
    using db = new DatabaseSync(":memory:");
    db.exec("CREATE TABLE blocks (id INTEGER PRIMARY KEY, pieces INTEGER, bytes BLOB)");
    const bytes = Buffer.from(randomBytes(length / 2).toString("hex"));
    db.prepare("INSERT INTO blocks VALUES (1, 1, ?)").run(pack(bytes));
    const piece = openBlockReads(db).piece({ block: 1n, at: 10, length: 20 });
    expect(Buffer.from(piece)).toEqual(bytes.subarray(10, 30));
    expect(piece.buffer.byteLength).toBe(length);
  },
);
