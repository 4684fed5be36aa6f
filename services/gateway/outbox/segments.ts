import { type Dirent, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { blockBytesAt, HEAD_BYTES, NONCE_BYTES, readBlock } from "./block.ts";

/*
 * The files that an outbox is written into, one after the other: `<path>.1`, `<path>.2` and so on. Each begins with a word that
 * tells what it is, and the nonce of its blocks. The first block repeats the nonce, and so stands in for either where it has rotted.
 */

const WORD = Buffer.from("twinspan outbox\n");
/** Where the nonce of a segment is. */
const NONCE_FROM = WORD.length;
/** Where the first block of a segment is. */
export const BLOCKS_FROM = NONCE_FROM + NONCE_BYTES;

/** No first block is larger: it has the notes of the calls in flight. */
const FIRST_BLOCK_BYTES_MAX = 64 * 1024 * 1024;

/** Reads so many bytes of a file, or up to its end. */
export type ReadAt = (at: number, length: number) => Promise<Buffer>;

/** Where a block is. */
export interface BlockPlace {
  readonly segment: number;
  readonly offset: number;
}

/** The files that bear the names of an outbox's segments, by their numbers, ascending. */
export interface SegmentFiles {
  readonly segments: readonly number[];
  /** Those that are something else, such as a copy that somebody made. They are never read, written to or removed. */
  readonly foreign: readonly number[];
}

/** The file of a segment. */
export function segmentPath(path: string, segment: number): string {
  return `${path}.${segment}`;
}

/** What a segment begins with. */
export function segmentHead(nonce: Uint8Array): Buffer {
  return Buffer.concat([WORD, nonce]);
}

/** Finds the segments that there are. Rejects where one cannot be opened. */
export async function segmentsOf(path: string): Promise<SegmentFiles> {
  const segments: number[] = [];
  const foreign: number[] = [];
  const prefix = `${basename(path)}.`;
  const entries = readdirSync(dirname(path), { withFileTypes: true })
    .map((entry) => ({ entry, number: numberIn(entry, prefix) }))
    .filter(({ number }) => number > 0)
    .sort((a, b) => a.number - b.number);
  for (const { entry, number } of entries) {
    const isOurs = entry.isFile() && (await isSegment(segmentPath(path, number)));
    (isOurs ? segments : foreign).push(number);
  }
  return { segments, foreign };
}

/** The number of a segment that has such a name. 0: none has. */
function numberIn({ name }: Dirent, prefix: string): number {
  const number = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^[1-9]\d{0,14}$/.test(number) ? Number(number) : 0;
}

/**
 * Whether a file begins as a segment does, as far as it goes: a death may have left the beginning of one, or nothing. One whose
 * beginning the disk cannot read is taken for one, so that what it had is told as damage, and read where the disk can again.
 */
async function isSegment(file: string): Promise<boolean> {
  await using handle = await open(file, "r");
  try {
    const readAt: ReadAt = async (at, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    };
    const word = await readAt(0, WORD.length);
    return word.equals(WORD.subarray(0, word.length)) || (await repeatedNonceIn(readAt)) !== undefined;
  } catch (error) {
    if (isUnreadable(error)) return true;
    throw error;
  }
}

/** The nonce of a segment's blocks; where it has rotted, as the first block has it. Undefined: the disk has neither. */
export async function nonceIn(readAt: ReadAt): Promise<Buffer | undefined> {
  const nonce = await readAt(NONCE_FROM, NONCE_BYTES);
  const told = isNothing(nonce) ? undefined : nonce;
  if (told?.equals(await readAt(BLOCKS_FROM, NONCE_BYTES))) return told;
  const repeated = await repeatedNonceIn(readAt);
  if (repeated === undefined) return told;
  // Which of the two has rotted shows in the next block.
  const next = await readAt(repeated.blockEnd, NONCE_BYTES);
  return told?.equals(next) ? told : repeated.nonce;
}

/** The nonce that the first block begins with, and where that block ends. */
interface RepeatedNonce {
  readonly nonce: Buffer;
  readonly blockEnd: number;
}

/** Finds it. Undefined: that is no block. */
async function repeatedNonceIn(readAt: ReadAt): Promise<RepeatedNonce | undefined> {
  const head = await readAt(BLOCKS_FROM, HEAD_BYTES);
  const nonce = head.subarray(0, NONCE_BYTES);
  if (head.length < HEAD_BYTES || isNothing(nonce)) return undefined;
  const bytes = blockBytesAt(nonce, head, 0) ?? 0;
  if (bytes < HEAD_BYTES || bytes > FIRST_BLOCK_BYTES_MAX) return undefined;
  const isBlock = readBlock(nonce, await readAt(BLOCKS_FROM, bytes), 0) !== undefined;
  return isBlock ? { nonce, blockEnd: BLOCKS_FROM + bytes } : undefined;
}

/** Whether they are what is read in the place of bytes that the disk does not give. */
function isNothing(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Whether a disk said that it cannot read something that is there. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EIO";
}
