import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { KeptMemory } from "#lib/kept-memory.ts";
import { type BlockHead, encodeBlock, NONCE_BYTES, type Write } from "./block.ts";
import { BLOCKS_FROM, segmentHead } from "./segment-head.ts";
import { type BlockPlace, type SegmentFiles, segmentPath } from "./segments.ts";
import { messageOf } from "./troubles.ts";

/** A segment that has so many bytes is followed by another one. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Blocks up to this size are written in the same memory. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** How long until it is tried again to begin a segment that could not be begun, in milliseconds. */
const TRY_AGAIN_MS = 1000;

/** A segment that is written to. */
interface OpenSegment {
  readonly number: number;
  readonly handle: FileHandle;
  readonly nonce: Uint8Array;
  bytes: number;
}

/**
 * The outbox's files, written at their end only, a block at a time; nobody calls it while a call of it is under way.
 * What is written survives the death of the process, with `power` the loss of power.
 *
 * A new segment begins with the notes of the calls in flight, so that an old one is needed for the records in it alone,
 * and goes as a whole when they are gone: nothing is ever looked for, moved or overwritten.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  readonly #durability: "process" | "power";
  readonly #segmentBytes: number;
  /** The calls in flight, by their trace: what was noted and did not end. */
  readonly #notes = new Map<string, Write>();
  readonly #blockMemory = new KeptMemory(KEPT_BYTES_MAX);
  /** Segments that are not written to any more, ascending. */
  readonly #old: number[];
  /** Undefined: nothing was written yet. A disk that is full must not keep a gateway from starting. */
  #current: OpenSegment | undefined;
  /** The number of the next segment: no file has one that is as high. */
  #nextNumber: number;
  #trouble: string | undefined;
  #tryAgainAt = 0;

  /** Writes behind the files that there are, and removes none of those that are not its own. */
  constructor(
    path: string,
    durability: "process" | "power",
    { segments, foreign }: SegmentFiles,
    segmentBytes = SEGMENT_BYTES,
  ) {
    this.#path = path;
    this.#durability = durability;
    this.#segmentBytes = segmentBytes;
    this.#old = [...segments];
    this.#nextNumber = Math.max(0, ...segments, ...foreign) + 1;
  }

  /** How many calls are in flight. */
  get notes(): number {
    return this.#notes.size;
  }

  /** How many bytes the segment has that is written to. */
  get bytes(): number {
    return this.#current?.bytes ?? 0;
  }

  /** Where the next block will be, unless it begins a segment. */
  get end(): BlockPlace {
    const { number = this.#nextNumber, bytes = BLOCKS_FROM } = this.#current ?? {};
    return { segment: number, offset: bytes };
  }

  /**
   * Why no segment can be begun now, so that the old one grows, or what went wrong with that one. Undefined: all is
   * well.
   */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Writes a block, and resolves with its place when it is durable. When it rejects, nothing of it stays. */
  async append(head: BlockHead, writes: readonly Write[]): Promise<BlockPlace> {
    const isRoomy = this.#current !== undefined && this.#current.bytes < this.#segmentBytes;
    const current = this.#current !== undefined && isRoomy ? this.#current : await this.beginSegment(head);
    const place = this.end;
    const block = encodeBlock(current.nonce, head, writes, (bytes) => this.#blockMemory.take(bytes));
    await this.#write(current, block);
    for (const write of writes) {
      if (write.kind === "begin") this.#notes.set(write.traceId, write);
      else this.#notes.delete(write.traceId);
    }
    return place;
  }

  /**
   * Begins a segment, so that those before it can go. Where it cannot be begun, writing goes on in the old one,
   * {@link trouble} says why, and it is tried again after a second: a full disk may have room for a block more. Rejects
   * where there is none.
   */
  async beginSegment(head: BlockHead): Promise<OpenSegment> {
    const old = this.#current;
    if (old !== undefined && performance.now() < this.#tryAgainAt) return old;
    try {
      this.#current = await this.#createSegment(head);
      this.#trouble = undefined;
    } catch (error) {
      if (old === undefined) throw error;
      this.#trouble = `a new segment of the outbox cannot be begun: ${messageOf(error)}`;
      this.#tryAgainAt = performance.now() + TRY_AGAIN_MS;
      return old;
    }
    if (old !== undefined) await this.#retire(old);
    return this.#current;
  }

  /** Removes the segments before that one. Answers whether there were any. */
  async release(before: number): Promise<boolean> {
    const count = this.#old.length;
    for (let first = this.#old[0]; first !== undefined && first < before; first = this.#old[0]) {
      await rm(segmentPath(this.#path, first), { force: true });
      this.#old.shift();
    }
    return this.#old.length < count;
  }

  /** Removes all segments: there is nothing in them any more. Nothing may be written afterwards. */
  async remove(): Promise<void> {
    await this.release(this.end.segment);
    if (this.#current !== undefined) await rm(segmentPath(this.#path, this.#current.number), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.handle.close();
  }

  async #createSegment(head: BlockHead): Promise<OpenSegment> {
    const { number, handle } = await this.#createFile();
    const segment = { number, handle, nonce: randomBytes(NONCE_BYTES), bytes: 0 };
    try {
      const notes = encodeBlock(segment.nonce, head, [...this.#notes.values()]);
      await this.#write(segment, Buffer.concat([segmentHead(segment.nonce), notes]));
      if (this.#durability === "power") await syncDirectory(dirname(this.#path));
    } catch (error) {
      // What failed first is what is told.
      await handle.close().catch(() => {});
      await rm(segmentPath(this.#path, number), { force: true });
      throw error;
    }
    this.#nextNumber = number + 1;
    return segment;
  }

  /** Somebody else may have made a file of the next name meanwhile: it is left alone. */
  async #createFile(): Promise<{ readonly number: number; readonly handle: FileHandle }> {
    for (let number = this.#nextNumber; ; number += 1) {
      try {
        return { number, handle: await open(segmentPath(this.#path, number), "wx", 0o600) };
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
    }
  }

  /** Some disks say only now that they did not keep what was written. */
  async #retire({ number, handle }: OpenSegment): Promise<void> {
    this.#old.push(number);
    await handle.close().catch((error: unknown) => {
      this.#trouble = `segment ${number} of the outbox may not be on the disk: ${messageOf(error)}`;
    });
  }

  async #write(segment: OpenSegment, bytes: Buffer): Promise<void> {
    try {
      await writeAll(segment.handle, bytes, segment.bytes);
      if (this.#durability === "power") await segment.handle.datasync();
    } catch (error) {
      // Half a block at the end is passed over by whoever reads it, and written over by the next one.
      await segment.handle.truncate(segment.bytes).catch(() => {});
      throw error;
    }
    segment.bytes += bytes.length;
  }
}

/** A disk that gets full takes a part, and says so only of the rest. */
async function writeAll(handle: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}
