import type { DatabaseSync } from "node:sqlite";
import { bytesIn } from "../columns.ts";
import { unpack } from "../packing.ts";
import type { BlockPlace } from "./block-table.ts";

/** Reads what is in blocks. */
export interface BlockReads {
  /** The bytes at a place. Whoever keeps them keeps their whole block in memory. */
  piece(place: BlockPlace): Uint8Array;
  /** How many bytes it has unpacked so far: whole blocks, each as {@link BLOCK_BYTES_MIN} at the least. */
  readonly unpackedBytes: number;
  /** Lets go of what was read: a transaction has ended, and what comes may be another. */
  letGo(): void;
}

/** So many blocks that were read are remembered, a megabyte at the most, but for large ones: neighbours in time are in one block. */
const REMEMBERED_MAX = 8;

/** To find a block takes as long as to unpack so many bytes, whatever is in it. */
const BLOCK_BYTES_MIN = 16 * 1024;

/** Prepares reading the blocks of an open file. */
export function openBlockReads(db: DatabaseSync): BlockReads {
  const find = db.prepare("SELECT bytes FROM blocks WHERE id = ?");
  const remembered = new Map<bigint, Uint8Array>();
  let unpackedBytes = 0;
  const unpacked = (block: bigint) => {
    const known = remembered.get(block);
    if (known !== undefined) return known;
    const found = find.get(block);
    if (found === undefined) throw new Error("bytes are not there that a trace has");
    const bytes = unpack(bytesIn(found, "bytes"));
    unpackedBytes += Math.max(bytes.length, BLOCK_BYTES_MIN);
    for (const oldest of remembered.keys()) {
      if (remembered.size < REMEMBERED_MAX) break;
      remembered.delete(oldest);
    }
    remembered.set(block, bytes);
    return bytes;
  };
  return {
    piece: ({ block, at, length }) => unpacked(block).subarray(at, at + length),
    get unpackedBytes() {
      return unpackedBytes;
    },
    letGo: () => remembered.clear(),
  };
}
