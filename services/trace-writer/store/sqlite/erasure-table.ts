import type { DatabaseSync } from "node:sqlite";
import { bytesIn, integerIn } from "../columns.ts";
import { pack, unpack } from "../packing.ts";
import type { BlockPlace } from "./block-table.ts";

/**
 * What is in blocks and nobody reads any more. To overwrite it its block is written anew, and no commit is to wait for that:
 * it is noted here with the commit that removes it, and overwritten soon afterwards ({@link eraseSome}).
 */
export interface ErasureTable {
  /** Has bytes overwritten. Each but once. */
  add(place: BlockPlace): void;
}

/** The table, of a file that is open for writing. */
export function openErasureTable(db: DatabaseSync): ErasureTable {
  const insert = db.prepare("INSERT INTO erasures (block, at, length) VALUES (?, ?, ?)");
  return { add: ({ block, at, length }) => void insert.run(block, at, length) };
}

/**
 * So many bytes of blocks are written anew in one step, as they are before they are packed, and what is left of one block:
 * writes wait meanwhile, some 10 ms. A block that goes as a whole counts with what it takes.
 */
const STEP_BYTES_MAX = 1024 * 1024;

/** Overwrites some of what was noted, outside of any other transaction. Returns whether there is more. */
export function eraseSome(db: DatabaseSync): boolean {
  const next = db.prepare("SELECT block FROM erasures ORDER BY block LIMIT 1");
  const isDone = db.prepare("DELETE FROM erasures WHERE block = ? RETURNING at, length");
  const eraseIn = openErase(db);
  db.exec("BEGIN IMMEDIATE");
  try {
    let found = next.get();
    for (let bytes = 0; found !== undefined && bytes < STEP_BYTES_MAX; found = next.get()) {
      const block = integerIn(found, "block");
      const places = isDone.all(block).map((row) => ({
        block,
        at: Number(integerIn(row, "at")),
        length: Number(integerIn(row, "length")),
      }));
      bytes += eraseIn(block, places);
    }
    db.exec("COMMIT");
    return found !== undefined;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Overwrites places of a block with zeros where others are in it, which stay where they are. A block whose last piece goes is
 * deleted. Returns how many bytes that was.
 */
function openErase(db: DatabaseSync): (block: bigint, places: readonly BlockPlace[]) => number {
  const find = db.prepare("SELECT pieces, bytes FROM blocks WHERE id = ?");
  const update = db.prepare("UPDATE blocks SET pieces = ?, bytes = ? WHERE id = ?");
  const remove = db.prepare("DELETE FROM blocks WHERE id = ?");
  return (block, places) => {
    const found = find.get(block) ?? {};
    const packed = bytesIn(found, "bytes");
    const left = integerIn(found, "pieces") - BigInt(places.length);
    if (left === 0n) {
      remove.run(block);
      return packed.length;
    }
    const rest = Buffer.from(unpack(packed));
    for (const { at, length } of places) rest.fill(0, at, at + length);
    update.run(left, pack(rest), block);
    return rest.length;
  };
}

/** Nothing waits in a file of an older version: there a commit overwrote what it removed. */
export const ERASURE_MIGRATION = `
  CREATE TABLE erasures (
    block INTEGER NOT NULL,
    at INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (block, at)
  ) WITHOUT ROWID;
`;
