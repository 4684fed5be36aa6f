import { type Dirent, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { NONCE_BYTES } from "./block.ts";

/*
 * The files that an outbox is written into, one after the other: `<path>.1`, `<path>.2` and so on. Each begins with a word that
 * tells what it is, and the nonce of its blocks.
 */

const WORD = Buffer.from("twinspan outbox\n");
/** Where the nonce of a segment is. */
export const NONCE_FROM = WORD.length;
/** Where the first block of a segment is. */
export const BLOCKS_FROM = NONCE_FROM + NONCE_BYTES;

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
 * beginning the disk cannot read is none: nothing of it can be understood, and it may be somebody else's.
 */
async function isSegment(file: string): Promise<boolean> {
  await using handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(WORD.length), 0, WORD.length, 0);
    return buffer.subarray(0, bytesRead).equals(WORD.subarray(0, bytesRead));
  } catch (error) {
    if (isUnreadable(error)) return false;
    throw error;
  }
}

/** Whether a disk said that it cannot read something that is there. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EIO";
}
