import type { DatabaseSync } from "node:sqlite";
import { bytesIn } from "../columns.ts";
import { unpack } from "../packing.ts";
import type { BlockPlace } from "./block-table.ts";
import { giveBack } from "./give-back.ts";
import { createKeptBlocks } from "./kept-blocks.ts";

/** Reads what is in blocks. */
export interface BlockReads {
  /** The bytes at a place, in memory that does not hold the rest of their block. */
  piece(place: BlockPlace): Uint8Array;
  /** How many bytes it has unpacked so far: whole blocks, each as {@link BLOCK_BYTES_MIN} at the least. */
  readonly unpackedBytes: number;
  /** Lets go of what was read: a transaction has ended, and what comes may be another. */
  letGo(): void;
}

/** Of what a transaction has read so many bytes are remembered: traces that came span by span are in the same blocks. */
const REMEMBERED_BYTES_MAX = 4 * 1024 * 1024;
/** Of small blocks so many bytes are kept beyond it: previews, which lists read from blocks that are far apart. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;
const KEPT_BLOCK_BYTES_MAX = 20 * 1024;
/** To find a block, and to begin with it, takes as long as to unpack so many bytes, whatever is in it. */
const BLOCK_BYTES_MIN = 32 * 1024;

/** Prepares reading the blocks of an open file. */
export function openBlockReads(db: DatabaseSync): BlockReads {
  const find = db.prepare("SELECT bytes FROM blocks WHERE id = ?");
  /** What is kept no more, but may be remembered still. */
  const gone: Uint8Array[] = [];
  const kept = createKeptBlocks(KEPT_BYTES_MAX, (bytes) => gone.push(bytes));
  const remembered = new Map<bigint, Uint8Array>();
  let rememberedBytes = 0;
  let unpackedBytes = 0;
  const read = (block: bigint): Uint8Array => {
    const found = find.get(block);
    if (found === undefined) throw new Error("bytes are not there that a trace has");
    const packed = bytesIn(found, "bytes");
    const known = kept.find(block, packed);
    if (known !== undefined) return known;
    const unpacked = unpack(packed);
    unpackedBytes += Math.max(unpacked.length, BLOCK_BYTES_MIN);
    if (isSmall(unpacked)) {
      // Small ones are somewhere in a buffer that others share.
      const own = new Uint8Array(unpacked);
      kept.keep(block, packed, own);
      return own;
    }
    if (unpacked !== packed) giveBack(packed);
    return unpacked;
  };
  const blockOf = (block: bigint): Uint8Array => {
    const known = remembered.get(block);
    if (known !== undefined) return known;
    const bytes = read(block);
    remembered.set(block, bytes);
    rememberedBytes += bytes.length;
    for (const [oldest, { length }] of remembered) {
      if (rememberedBytes <= REMEMBERED_BYTES_MAX || oldest === block) break;
      rememberedBytes -= length;
      forget(oldest);
    }
    return bytes;
  };
  const forget = (block: bigint) => {
    const bytes = remembered.get(block);
    remembered.delete(block);
    if (bytes !== undefined && !isSmall(bytes)) giveBack(bytes);
  };
  return {
    piece: ({ block, at, length }) => Buffer.from(blockOf(block).subarray(at, at + length)),
    get unpackedBytes() {
      return unpackedBytes;
    },
    letGo() {
      for (const block of remembered.keys()) forget(block);
      rememberedBytes = 0;
      for (const bytes of gone.splice(0)) giveBack(bytes);
    },
  };
}

/** Whether a block may be kept beyond its transaction. */
function isSmall(unpacked: Uint8Array): boolean {
  return unpacked.length <= KEPT_BLOCK_BYTES_MAX;
}
