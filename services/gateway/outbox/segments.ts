import { type Dirent, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { isSegment } from "./segment-head.ts";

/* The files that an outbox is written into, one after the other: `<path>.1`, `<path>.2` and so on. */

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
    const isOurs = entry.isFile() && (await isOneOfOurs(segmentPath(path, number)));
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
 * One whose beginning the disk cannot read is taken for one, so that what it had is told as damage, and read where the
 * disk can again.
 */
async function isOneOfOurs(file: string): Promise<boolean> {
  await using handle = await open(file, "r");
  try {
    return await isSegment(async (at, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    });
  } catch (error) {
    if (isUnreadable(error)) return true;
    throw error;
  }
}

/** Whether a disk said that it cannot read something that is there. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EIO";
}
