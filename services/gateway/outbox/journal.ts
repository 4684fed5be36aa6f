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
  #current: OpenSegment;
  #nextAt = SEGMENT_BYTES;

  private constructor(path: string, durability: "process" | "power", old: readonly number[], current: OpenSegment) {
    this.#path = path;
    this.#durability = durability;
    this.#old = [...old];
    this.#current = current;
  }

  /** Begins a segment behind those that there are. */
  static async start(path: string, durability: "process" | "power", old: readonly number[]): Promise<Journal> {
    return new Journal(path, durability, old, await createSegment(path, (old.at(-1) ?? 0) + 1, durability));
  }

  /** How many calls are in flight. */
  get notes(): number {
    return this.#notes.size;
  }

  /** How many bytes the segment has that is written to. */
  get bytes(): number {
    return this.#current.bytes;
  }

  /** Where the next block will be, unless it begins a segment. */
  get end(): BlockPlace {
    return { segment: this.#current.number, offset: this.#current.bytes };
  }

  /** Writes a block, and resolves with its place when it is durable. When it rejects, nothing of it stays. */
  async append(head: BlockHead, writes: readonly Write[]): Promise<BlockPlace> {
    if (this.#current.bytes >= this.#nextAt) await this.#beginSegment(head);
    const place = this.end;
    await this.#write(this.#current, encodeBlock(this.#current.nonce, head, writes));
    for (const write of writes) {
      if (write.kind === "begin") this.#notes.set(write.traceId, write);
      else this.#notes.delete(write.traceId);
    }
    return place;
  }

  /** Begins a segment now, so that those before it can go. */
  async renew(head: BlockHead): Promise<void> {
    await this.#beginSegment(head);
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
    await this.release(this.#current.number);
    await rm(segmentPath(this.#path, this.#current.number), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current.handle.close();
  }

  /** Where it cannot be begun, writing goes on in the old one: a full disk may have room for a block more. */
  async #beginSegment(head: BlockHead): Promise<void> {
    this.#nextAt = this.#current.bytes + SEGMENT_BYTES;
    const next = await createSegment(this.#path, this.#current.number + 1, this.#durability).catch(() => undefined);
    if (next === undefined) return;
    try {
      await this.#write(next, encodeBlock(next.nonce, head, [...this.#notes.values()]));
    } catch {
      await next.handle.close();
      await rm(segmentPath(this.#path, next.number), { force: true });
      return;
    }
    await this.#current.handle.close();
    this.#old.push(this.#current.number);
    this.#current = next;
    this.#nextAt = SEGMENT_BYTES;
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

async function createSegment(path: string, number: number, durability: "process" | "power"): Promise<OpenSegment> {
  const handle = await open(segmentPath(path, number), "wx", 0o600);
  const nonce = randomBytes(NONCE_BYTES);
  try {
    await writeAll(handle, segmentHead(nonce), 0);
    if (durability === "power") await syncDirectory(dirname(path));
  } catch (error) {
    await handle.close();
    await rm(segmentPath(path, number), { force: true });
    throw error;
  }
  return { number, handle, nonce, bytes: BLOCKS_FROM };
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
