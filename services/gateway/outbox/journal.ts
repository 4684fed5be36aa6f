import { randomBytes } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type BlockHead, encodeBlock, NONCE_BYTES, type Write } from "./block.ts";
import { BLOCKS_FROM, type BlockPlace, segmentHead, segmentPath } from "./segments.ts";

/** A segment that has so many bytes is followed by another one. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** A segment that is written to. */
interface OpenSegment {
  readonly number: number;
  readonly handle: FileHandle;
  readonly nonce: Uint8Array;
  bytes: number;
}

/**
 * The outbox's files, written at their end only, a block at a time; nobody calls it while a call of it is under way. What is
 * written survives the death of the process, with `power` the loss of power.
 *
 * A new segment begins with the notes of the calls in flight, so that an old one is needed for the records in it alone, and
 * goes as a whole when they are gone: nothing is ever looked for, moved or overwritten.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  readonly #durability: "process" | "power";
  /** The calls in flight, by their trace: what was noted and did not end. */
  readonly #notes = new Map<string, Write>();
  /** Segments that are not written to any more, ascending. */
  readonly #old: number[];
  /** Undefined: nothing was written yet. A disk that is full must not keep a gateway from starting. */
  #current: OpenSegment | undefined;
  #nextAt = 0;

  /** Writes behind the segments that there are. */
  constructor(path: string, durability: "process" | "power", segments: readonly number[]) {
    this.#path = path;
    this.#durability = durability;
    this.#old = [...segments];
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
    const { number = (this.#old.at(-1) ?? 0) + 1, bytes = BLOCKS_FROM } = this.#current ?? {};
    return { segment: number, offset: bytes };
  }

  /** Writes a block, and resolves with its place when it is durable. When it rejects, nothing of it stays. */
  async append(head: BlockHead, writes: readonly Write[]): Promise<BlockPlace> {
    const current =
      this.#current !== undefined && this.#current.bytes < this.#nextAt ? this.#current : await this.beginSegment(head);
    const place = this.end;
    await this.#write(current, encodeBlock(current.nonce, head, writes));
    for (const write of writes) {
      if (write.kind === "begin") this.#notes.set(write.traceId, write);
      else this.#notes.delete(write.traceId);
    }
    return place;
  }

  /**
   * Begins a segment, so that those before it can go. Where it cannot be begun, writing goes on in the old one: a full disk may
   * have room for a block more. Rejects where there is none.
   */
  async beginSegment(head: BlockHead): Promise<OpenSegment> {
    const old = this.#current;
    try {
      this.#current = await this.#createSegment(head, old === undefined ? this.end.segment : old.number + 1);
      this.#nextAt = SEGMENT_BYTES;
    } catch (error) {
      if (old === undefined) throw error;
      this.#nextAt = old.bytes + SEGMENT_BYTES;
      return old;
    }
    if (old !== undefined) {
      this.#old.push(old.number);
      await old.handle.close();
    }
    return this.#current;
  }

  /** Removes the segments before that one. */
  async release(before: number): Promise<void> {
    for (let first = this.#old[0]; first !== undefined && first < before; first = this.#old[0]) {
      await rm(segmentPath(this.#path, first), { force: true });
      this.#old.shift();
    }
  }

  /** Removes all segments: there is nothing in them any more. Nothing may be written afterwards. */
  async remove(): Promise<void> {
    const { segment } = this.end;
    await this.release(segment);
    await rm(segmentPath(this.#path, segment), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.handle.close();
  }

  async #createSegment(head: BlockHead, number: number): Promise<OpenSegment> {
    const handle = await open(segmentPath(this.#path, number), "wx", 0o600);
    const segment = { number, handle, nonce: randomBytes(NONCE_BYTES), bytes: 0 };
    try {
      await this.#write(segment, segmentHead(segment.nonce));
      await this.#write(segment, encodeBlock(segment.nonce, head, [...this.#notes.values()]));
      if (this.#durability === "power") await syncDirectory(dirname(this.#path));
    } catch (error) {
      await handle.close();
      await rm(segmentPath(this.#path, number), { force: true });
      throw error;
    }
    return segment;
  }

  async #write(segment: OpenSegment, bytes: Buffer): Promise<void> {
    try {
      await writeAll(segment.handle, bytes, segment.bytes);
      if (this.#durability === "power") await segment.handle.datasync();
    } catch (error) {
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
