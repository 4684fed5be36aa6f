import { blockBytesAt, HEAD_BYTES, NONCE_BYTES, readBlock } from "./block.ts";

/*
 * A segment begins with a word that tells what it is, and the nonce of its blocks. Its first block begins with the nonce again.
 * Where the word has rotted, or one of the two, blocks show what it was.
 */

const WORD = Buffer.from("twinspan outbox\n");
/** Where the nonce of a segment is. */
const NONCE_FROM = WORD.length;
/** Where the first block of a segment is. */
export const BLOCKS_FROM = NONCE_FROM + NONCE_BYTES;

/** No block is larger: not even the first, which has the notes of the calls in flight. */
const BLOCK_BYTES_MAX = 64 * 1024 * 1024;
/** How far a block is looked for: a segment is no longer but for a block. */
const LOOKED_THROUGH_BYTES_MAX = 32 * 1024 * 1024;
/** So much is read at once. */
const CHUNK_BYTES = 1024 * 1024;

/** Reads so many bytes of a file, or up to its end. */
export type ReadAt = (at: number, length: number) => Promise<Buffer>;

/** What a segment begins with. */
export function segmentHead(nonce: Uint8Array): Buffer {
  return Buffer.concat([WORD, nonce]);
}

/** Whether a file begins as a segment does, as far as it goes, since a death may have left its beginning alone; or has blocks of one. */
export async function isSegment(readAt: ReadAt): Promise<boolean> {
  const word = await readAt(0, WORD.length);
  return word.equals(WORD.subarray(0, word.length)) || (await nonceOfBlocks(readAt)) !== undefined;
}

/** The nonce of a segment's blocks. Undefined: its beginning cannot be read. */
export async function nonceIn(readAt: ReadAt): Promise<Buffer | undefined> {
  const [told, repeated] = await noncesIn(readAt);
  if (told?.equals(repeated ?? NOTHING)) return told;
  return (await nonceOfBlocks(readAt)) ?? told;
}

/** What is read in the place of bytes that the disk does not give. */
const NOTHING = Buffer.alloc(NONCE_BYTES);

/** The one and the other place that has it. Undefined: it cannot be read there. */
async function noncesIn(readAt: ReadAt): Promise<readonly (Buffer | undefined)[]> {
  const nonces = [await readAt(NONCE_FROM, NONCE_BYTES), await readAt(BLOCKS_FROM, NONCE_BYTES)];
  return nonces.map((nonce) => (nonce.length < NONCE_BYTES || nonce.equals(NOTHING) ? undefined : nonce));
}

/** That of the two which a block begins with. Undefined: none does. */
async function nonceOfBlocks(readAt: ReadAt): Promise<Buffer | undefined> {
  for (const nonce of await noncesIn(readAt)) {
    if (nonce !== undefined && (await hasBlock(readAt, nonce))) return nonce;
  }
  return undefined;
}

/** Whether a block of that nonce can be read. */
async function hasBlock(readAt: ReadAt, nonce: Buffer): Promise<boolean> {
  for (let at = BLOCKS_FROM; at < LOOKED_THROUGH_BYTES_MAX; ) {
    const chunk = await readAt(at, CHUNK_BYTES);
    const found = chunk.indexOf(nonce);
    if (found >= 0) {
      if (await isBlock(readAt, nonce, at + found)) return true;
      at += found + 1;
    } else if (chunk.length < CHUNK_BYTES) return false;
    else at += CHUNK_BYTES - NONCE_BYTES + 1;
  }
  return false;
}

async function isBlock(readAt: ReadAt, nonce: Buffer, at: number): Promise<boolean> {
  const bytes = blockBytesAt(nonce, await readAt(at, HEAD_BYTES), 0);
  if (bytes === undefined || bytes > BLOCK_BYTES_MAX) return false;
  return readBlock(nonce, await readAt(at, bytes), 0) !== undefined;
}
