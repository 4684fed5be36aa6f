import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type BlockHead, blockBytesAt, HEAD_BYTES, NONCE_BYTES, readBlock, type Write } from "./block.ts";
import { BLOCKS_FROM, nonceIn } from "./segment-head.ts";
import { isUnreadable, segmentPath } from "./segments.ts";

/** What stands in a segment, in its order. Places are offsets in its file. */
export type Stretch =
  /** A block. What its writes hold are views of what was read. */
  | {
      readonly kind: "block";
      readonly offset: number;
      readonly head: BlockHead;
      readonly writes: readonly Write[];
      readonly end: number;
    }
  /** Bytes that are no block, such as a block that does not match its checksum. */
  | { readonly kind: "damage"; readonly offset: number; readonly bytes: number };

/** So much is read at once; a block that is larger is read whole. */
const CHUNK_BYTES = 1024 * 1024;
/** What a disk cannot read is passed over in pieces of this size. */
const PAGE_BYTES = 4096;

/** How long until it is tried again to read what the disk could not. */
const READ_AGAIN_MS = 100;

/** How often, over all that is read with it, it is tried again to read what the disk could not. */
export interface Patience {
  tries: number;
}

/** A file as it is read. */
export interface ReadableFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** Which part of a segment is read, and how. */
export interface ReadingOptions {
  /** Where a block begins. Default: the first. */
  readonly from?: number | undefined;
  /** Nothing is read from here on. Default: the end of the file. */
  readonly upTo?: number | undefined;
  /** What the disk cannot read (EIO) is damage once this is at its end. Default: reading rejects there. */
  readonly passOver?: Patience | undefined;
}

/** Reads a segment's file, as {@link stretchesIn} does. Rejects where it is not there or cannot be read. */
export async function* readSegment(
  path: string,
  segment: number,
  { from, upTo = Number.POSITIVE_INFINITY, passOver }: ReadingOptions = {},
): AsyncGenerator<Stretch, void, void> {
  await using handle = await open(segmentPath(path, segment), "r");
  const { size } = await handle.stat();
  yield* stretchesIn(handle, { from, upTo: Math.min(size, upTo), passOver });
}

/**
 * Reads blocks, a chunk at a time. What is damaged is passed over up to the next block: their nonce finds it. A block
 * that is cut at the end by the death of its process is no damage: nobody was told that it is there.
 */
export async function* stretchesIn(
  file: ReadableFile,
  { from = BLOCKS_FROM, upTo, passOver }: ReadingOptions & { readonly upTo: number },
): AsyncGenerator<Stretch, void, void> {
  const read = passOver === undefined ? readWhole : readingPatiently(passOver);
  if (upTo <= from) return;
  const nonce = await nonceIn((at, length) => read(file, at, length));
  if (nonce === undefined) {
    yield { kind: "damage", offset: from, bytes: upTo - from };
    return;
  }
  let end = upTo;
  /** What is before it is read, and was sound but for what was told. */
  let soundUpTo = from;
  let wanted = CHUNK_BYTES;
  for (let at = from; at < end; ) {
    const asked = Math.min(wanted, end - at);
    const chunk = await read(file, at, asked);
    if (chunk.length < asked) end = at + chunk.length;
    wanted = CHUNK_BYTES;
    const isLast = at + chunk.length === end;
    let offset = 0;
    // A head that the chunk has cut is read again with the next one.
    while (isLast ? offset < chunk.length : offset + HEAD_BYTES <= chunk.length) {
      const bytes = blockBytesAt(nonce, chunk, offset);
      if (bytes !== undefined && offset + bytes > chunk.length && at + offset + bytes <= end) {
        wanted = Math.max(CHUNK_BYTES, bytes);
        break;
      }
      const block = readBlock(nonce, chunk, offset);
      if (block === undefined) {
        const next = chunk.indexOf(nonce, offset + 1);
        if (next >= 0) offset = next;
        else offset = isLast ? chunk.length : chunk.length - HEAD_BYTES + 1;
        continue;
      }
      const { head, writes } = block;
      const begin = at + offset;
      if (soundUpTo < begin) yield { kind: "damage", offset: soundUpTo, bytes: begin - soundUpTo };
      offset = block.end;
      soundUpTo = at + offset;
      yield { kind: "block", offset: begin, head, writes, end: soundUpTo };
    }
    at += offset;
  }
  if (soundUpTo >= end) return;
  const rest = await read(file, soundUpTo, Math.min(HEAD_BYTES, end - soundUpTo));
  if (!isCut(nonce, rest, end - soundUpTo)) yield { kind: "damage", offset: soundUpTo, bytes: end - soundUpTo };
}

/** Whether these bytes begin a block that has more of them than are left. */
function isCut(nonce: Buffer, rest: Buffer, left: number): boolean {
  if (left < NONCE_BYTES) return rest.equals(nonce.subarray(0, left));
  return (blockBytesAt(nonce, rest, 0) ?? 0) > left;
}

/** Reads so many bytes, or up to the end of the file. */
async function readWhole(file: ReadableFile, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** Reads the same; what the disk cannot read is zeros. */
function readingPatiently(patience: Patience): typeof readWhole {
  return async (file, at, length) => {
    for (;;) {
      const bytes = await readIfThere(file, at, length);
      if (bytes !== undefined) return bytes;
      if (patience.tries === 0) break;
      patience.tries -= 1;
      await delay(READ_AGAIN_MS);
    }
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; done += PAGE_BYTES) {
      const page = await readIfThere(file, at + done, Math.min(PAGE_BYTES, length - done));
      page?.copy(bytes, done);
    }
    return bytes;
  };
}

/** Undefined: the disk cannot read it. */
async function readIfThere(file: ReadableFile, at: number, length: number): Promise<Buffer | undefined> {
  try {
    return await readWhole(file, at, length);
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}
