import type { DatabaseSync } from "node:sqlite";
import { bytesIn, integerIn } from "../columns.ts";
import { pack, unpack } from "../packing.ts";
import type { BlockPlace } from "./block-table.ts";

/**
 * What is in blocks and nobody reads any more. To overwrite it its block is written anew, and no commit is to wait for
 * that: it is noted here with the commit that removes it, and overwritten soon afterwards ({@link openEraser}).
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
 * So many bytes of blocks are written anew in one step, as they are before they are packed, and what is left of one
 * block: writes wait meanwhile, some 10 ms. A block that goes as a whole counts with what it takes.
 */
const STEP_BYTES_MAX = 1024 * 1024;

/**
 * Prepares erasing in a file that is open for writing. Each call overwrites some of what was noted, outside of any
 * other transaction, and returns whether there is more. A block that cannot be unpacked goes as a whole: what was
 * deleted of it must not stay, and nobody could read the rest. It throws then, once that is done: the next call goes on
 * behind it.
 */
export function openEraser(db: DatabaseSync): () => boolean {
  const next = db.prepare("SELECT block FROM erasures ORDER BY block LIMIT 1");
  const isDone = db.prepare("DELETE FROM erasures WHERE block = ? RETURNING at, length");
  const eraseIn = openErase(db);
  return () => {
    const unreadable: bigint[] = [];
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
        const erased = eraseIn(block, places);
        if (!erased.wasReadable) unreadable.push(block);
        bytes += erased.bytes;
      }
      db.exec("COMMIT");
      if (unreadable.length === 0) return found !== undefined;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
    throw new Error(
      `blocks ${unreadable.join(", ")} were damaged, and are removed as a whole: traces that had bytes in them cannot be read. Look at the disk, and restore a backup where they are needed.`,
    );
  };
}

/** What became of a block. */
interface Erased {
  /** How many bytes were written, or removed. */
  readonly bytes: number;
  readonly wasReadable: boolean;
}

/**
 * Overwrites places of a block with zeros where others are in it, which stay where they are. A block whose last piece
 * goes, or that is damaged, is deleted.
 */
function openErase(db: DatabaseSync): (block: bigint, places: readonly BlockPlace[]) => Erased {
  const find = db.prepare("SELECT pieces, bytes FROM blocks WHERE id = ?");
  const update = db.prepare("UPDATE blocks SET pieces = ?, bytes = ? WHERE id = ?");
  const remove = db.prepare("DELETE FROM blocks WHERE id = ?");
  return (block, places) => {
    const found = find.get(block);
    // It went when it was found to be damaged.
    if (found === undefined) return { bytes: 0, wasReadable: true };
    const packed = bytesIn(found, "bytes");
    const left = integerIn(found, "pieces") - BigInt(places.length);
    const unpacked = left === 0n ? undefined : unpackedOf(packed);
    if (unpacked === undefined) {
      remove.run(block);
      return { bytes: packed.length, wasReadable: left === 0n };
    }
    const rest = Buffer.from(unpacked);
    for (const { at, length } of places) rest.fill(0, at, at + length);
    update.run(left, pack(rest), block);
    return { bytes: rest.length, wasReadable: true };
  };
}

/** Undefined: the bytes are damaged. What fails for another reason, such as too little memory, throws. */
function unpackedOf(packed: Uint8Array): Uint8Array | undefined {
  try {
    return unpack(packed);
  } catch (error) {
    if (error instanceof Error && "code" in error && DAMAGED.test(String(error.code))) return undefined;
    throw error;
  }
}

/**
 * What zlib says of bytes that it has not packed so. A wrong dictionary is among it: ours has no number, so a frame
 * that names one is none of ours any more.
 */
const DAMAGED = /^(?:Z_BUF_ERROR|Z_DATA_ERROR|ZSTD_error_(?!memory_allocation))/;

/** Nothing waits in a file of an older version: there a commit overwrote what it removed. */
export const ERASURE_MIGRATION = `
  CREATE TABLE erasures (
    block INTEGER NOT NULL,
    at INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (block, at)
  ) WITHOUT ROWID;
`;
