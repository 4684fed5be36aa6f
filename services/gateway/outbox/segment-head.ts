import { blockBytesAt, HEAD_BYTES, NONCE_BYTES, readBlock } from "./block.ts";

/*
 * A segment begins with a word that tells what it is, and the nonce of its blocks. Its first block begins with the
 * nonce again. Where the word has rotted, or one of the two, blocks show what it was.
 */

const WORD = Buffer.from("twinspan outbox\n");
/** Where the nonce of a segment is. */
const NONCE_FROM = WORD.length;
/** Where the first block of a segment is. */
export const BLOCKS_FROM = NONCE_FROM + NONCE_BYTES;

/**
 * How far a block is looked for, and how many bytes are read of what could be some: a segment is no longer but for a
 * block.
 */
const LOOKED_THROUGH_BYTES_MAX = 32 * 1024 * 1024;
/** At so many places, where what seems to be the nonce is something that the file is full of. */
const PLACES_MAX = 10_000;
/** What is read in the place of bytes that the disk does not give. */
const NOTHING = Buffer.alloc(NONCE_BYTES);
/** So much is read at once. */
const CHUNK_BYTES = 1024 * 1024;

/** Reads so many bytes of a file, or up to its end. */
export type ReadAt = (at: number, length: number) => Promise<Buffer>;

/** What a segment begins with. */
export function segmentHead(nonce: Uint8Array): Buffer {
  return Buffer.concat([WORD, nonce]);
}

/**
 * Whether a file begins as a segment does, as far as it goes, since a death may have left its beginning alone; or has
 * blocks of one.
 */
export async function isSegment(readAt: ReadAt): Promise<boolean> {
  const word = await readAt(0, WORD.length);
  return word.equals(WORD.subarray(0, word.length)) || (await nonceOfBlocks(readAt)) !== undefined;
}

/** The nonce of a segment's blocks. Undefined: it cannot be told. */
export async function nonceIn(readAt: ReadAt): Promise<Buffer | undefined> {
  const [told, repeated] = await noncesIn(readAt);
  if (told === undefined || repeated === undefined || !told.equals(repeated)) {
    return (await nonceOfBlocks(readAt)) ?? (repeated === undefined ? told : undefined);
  }
  return told;
}

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
  const left = { places: PLACES_MAX, bytes: LOOKED_THROUGH_BYTES_MAX };
  for (let at = BLOCKS_FROM; at < LOOKED_THROUGH_BYTES_MAX; at += CHUNK_BYTES - HEAD_BYTES + 1) {
    const chunk = await readAt(at, CHUNK_BYTES);
    for (let found = chunk.indexOf(nonce); found >= 0; found = chunk.indexOf(nonce, found + 1)) {
      const bytes = found + HEAD_BYTES > chunk.length ? 0 : (blockBytesAt(nonce, chunk, found) ?? 0);
      left.places -= 1;
      if (left.places < 0) return false;
      if (bytes === 0 || bytes > left.bytes) continue;
      left.bytes -= bytes;
      if (readBlock(nonce, await readAt(at + found, bytes), 0) !== undefined) return true;
    }
    if (chunk.length < CHUNK_BYTES) return false;
  }
  return false;
}
