import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { BlockHead, Write } from "./block.ts";
import type { DamagedPlace, Found } from "./find-rest.ts";
import { readSegment, type Stretch } from "./read-segment.ts";
import { BLOCKS_FROM, type BlockPlace } from "./segments.ts";

/** A record that waits, as it goes over the wire. */
export interface WaitingRecord {
  /** Its place in the order. */
  readonly seq: number;
  readonly traceId: string;
  readonly spans: Uint8Array;
  readonly payload: Uint8Array;
  /** When it came, in milliseconds since the Unix epoch. */
  readonly addedMs: number;
}

/** Hears of what was to be read and is not there. */
export interface LossObserver {
  /** A part of a file cannot be read. */
  found(place: DamagedPlace): void;
  /** So many records that waited are lost. */
  lost(records: number): void;
}

/** A record in memory, and the segment that has it. */
interface HeldRecord extends WaitingRecord {
  readonly segment: number;
}

/** So many bytes of records are held in memory; what comes beyond that is read again from the disk when its turn comes. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
/**
 * What a disk cannot read (EIO) is passed over, and lost, once it was tried so often. The shipper waits longer and longer in
 * between, some minutes in all: a disk that is away for that long loses nothing.
 */
const READ_TRIES = 40;

/**
 * The records that wait for the trace-writer, in their order: the first of them in memory, the others on the disk. Their numbers
 * have no gaps, so that one that is not where it was written is missed.
 */
export class RecordQueue {
  /** The number of the next record. */
  nextSeq: number;
  readonly #path: string;
  readonly #losses: LossObserver;
  readonly #heldBytesMax: number;
  /** Up to this number records waited no more when the process began. Each place is read once, so no other is read again. */
  readonly #goneBefore: number;
  #held: HeldRecord[] = [];
  #heldBytes = 0;
  /** When the record came that was the oldest last, where the next one is not read yet. */
  #lastOldestMs: number | undefined;
  /** Where the records begin that are not held, and their bytes. Undefined: all are held. */
  #unread: BlockPlace | undefined;
  #unreadBytes: number;
  /** The number of the first record that is not held. */
  #unreadSeq: number;
  /** The segments behind that place that have records, ascending. */
  #unreadSegments: number[];
  /** Where the last block ends. */
  #end: BlockPlace;
  /** Where that was when the process began: what is behind it there was not taken for written. */
  readonly #foundEnd: BlockPlace;
  #failedReads = 0;

  /** What an earlier process has left is not read before its turn comes. */
  constructor(path: string, found: Found, losses: LossObserver, heldBytesMax = HELD_BYTES_MAX) {
    const { firstAt, segments } = found;
    this.#path = path;
    this.#losses = losses;
    this.#heldBytesMax = heldBytesMax;
    this.nextSeq = found.nextSeq;
    this.#goneBefore = found.goneUpTo;
    this.#lastOldestMs = found.oldestMs;
    this.#unread = firstAt;
    this.#unreadBytes = found.bytes;
    this.#unreadSeq = found.goneUpTo + 1;
    this.#unreadSegments = firstAt === undefined ? [] : segments.filter((segment) => segment > firstAt.segment);
    this.#end = found.end;
    this.#foundEnd = found.end;
    if (firstAt === undefined) this.#holdsAll();
  }

  /** Records that wait. */
  get records(): number {
    return this.#held.length + this.nextSeq - this.#unreadSeq;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#heldBytes + this.#unreadBytes;
  }

  /** Records up to this number wait no more, those that are lost among them. */
  get goneUpTo(): number {
    return (this.#held[0]?.seq ?? this.#unreadSeq) - 1;
  }

  /** The head of a block that is written now. */
  headAt(timeMs: number): BlockHead {
    return { timeMs, goneUpTo: this.goneUpTo, firstSeq: this.nextSeq };
  }

  /** The oldest segment that is still needed. Undefined: none is. */
  get firstSegment(): number | undefined {
    return this.#held[0]?.segment ?? this.#unread?.segment;
  }

  /** When the oldest came, in milliseconds since the Unix epoch. Undefined: none waits. */
  get oldestMs(): number | undefined {
    return this.records === 0 ? undefined : (this.#held[0]?.addedMs ?? this.#lastOldestMs);
  }

  /** Adds the records of a block that was written. `end` is where the next one will be. */
  add(writes: readonly Write[], addedMs: number, place: BlockPlace, end: BlockPlace): void {
    let bytes = 0;
    const added: HeldRecord[] = [];
    for (const write of writes) {
      if (write.kind !== "finish") continue;
      const { traceId, spans, payload } = write;
      added.push({ seq: this.nextSeq++, traceId, spans, payload, addedMs, segment: place.segment });
      bytes += spans.length + payload.length;
    }
    this.#end = end;
    if (added.length === 0) return;
    const isRoomy = this.#held.length === 0 || this.#heldBytes + bytes <= this.#heldBytesMax;
    if (this.#unread === undefined && isRoomy) {
      this.#hold(added, this.nextSeq);
      return;
    }
    if (this.#unread === undefined) this.#unread = place;
    else if (place.segment > (this.#unreadSegments.at(-1) ?? this.#unread.segment)) {
      this.#unreadSegments.push(place.segment);
    }
    this.#unreadBytes += bytes;
  }

  /**
   * The first records: at most `recordsMax`, and no more than `bytesMax` together, but always one where one waits. None, where
   * all that waited is lost. Rejects where the disk cannot be read now.
   */
  async first(recordsMax: number, bytesMax: number): Promise<readonly WaitingRecord[]> {
    while (this.#held.length === 0 && this.#unread !== undefined) await this.#readOn(this.#unread);
    let bytes = 0;
    let count = 0;
    for (const record of this.#held) {
      bytes += bytesOf(record);
      if (count === recordsMax || (count > 0 && bytes > bytesMax)) break;
      count += 1;
    }
    return this.#held.slice(0, count);
  }

  /** Lets go of the first records, which `first` gave. */
  remove(count: number): void {
    for (const record of this.#held.splice(0, count)) {
      this.#heldBytes -= bytesOf(record);
      this.#lastOldestMs = record.addedMs;
    }
  }

  #hold(records: readonly HeldRecord[], nextSeq: number): void {
    for (const record of records) {
      this.#held.push(record);
      this.#heldBytes += bytesOf(record);
    }
    this.#unreadSeq = Math.max(this.#unreadSeq, nextSeq);
  }

  /** Says that the next record that there is has this number: those before it that were not read are lost. */
  #expect(seq: number): void {
    const lost = seq - this.#unreadSeq;
    if (lost <= 0) return;
    this.#unreadSeq = seq;
    this.#losses.lost(lost);
  }

  /** Reads on, as much as is held: to the end of a segment, or of what is known to be written. */
  async #readOn({ segment, offset }: BlockPlace): Promise<void> {
    const end = this.#end;
    const isCurrent = segment === end.segment;
    const upTo = isCurrent ? end.offset : segment === this.#foundEnd.segment ? this.#foundEnd.offset : undefined;
    this.#failedReads += 1;
    try {
      const reading = { from: offset, upTo, passOver: this.#failedReads > READ_TRIES };
      for await (const stretch of readSegment(this.#path, segment, reading)) {
        this.#take(stretch, segment);
        if (this.#heldBytes >= this.#heldBytesMax) break;
      }
    } catch (error) {
      if (!this.#isGone(error)) throw error;
      this.#losses.found({ segment, offset: 0, bytes: 0, why: "missing" });
    }
    this.#failedReads = 0;
    if (this.#unreadSeq === this.nextSeq) this.#holdsAll();
    else if (this.#heldBytes < this.#heldBytesMax) this.#goOnBehind(isCurrent ? end : undefined);
  }

  /** Whether a file was removed. Where its whole directory is away it may come again. */
  #isGone(error: unknown): boolean {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isMissing && existsSync(dirname(this.#path));
  }

  #take(stretch: Stretch, segment: number): void {
    if (stretch.kind === "damage") {
      this.#losses.found({ segment, offset: stretch.offset, bytes: stretch.bytes, why: "damaged" });
      return;
    }
    const { head, writes, end } = stretch;
    const records = writes
      .filter((write) => write.kind === "finish")
      .map(({ traceId, spans, payload }, index) => {
        return { seq: head.firstSeq + index, traceId, spans, payload, addedMs: head.timeMs, segment };
      });
    const waiting = records.filter(({ seq }) => seq > this.#goneBefore);
    this.#expect(head.firstSeq);
    this.#hold(waiting, head.firstSeq + records.length);
    for (const record of waiting) this.#unreadBytes = Math.max(0, this.#unreadBytes - bytesOf(record));
    this.#unread = { segment, offset: end };
  }

  /** `readUpTo`: where the last block ended when reading began, where it was in this segment. */
  #goOnBehind(readUpTo: BlockPlace | undefined): void {
    if (readUpTo !== undefined && readUpTo !== this.#end) {
      // What was written meanwhile begins where this ended.
      this.#unread = readUpTo;
      return;
    }
    const next = this.#unreadSegments.shift();
    if (next === undefined) this.#holdsAll();
    else this.#unread = { segment: next, offset: BLOCKS_FROM };
  }

  #holdsAll(): void {
    this.#unread = undefined;
    this.#unreadBytes = 0;
    this.#unreadSegments = [];
    this.#expect(this.nextSeq);
  }
}

/** The bytes of a record. */
export function bytesOf({ spans, payload }: Pick<WaitingRecord, "spans" | "payload">): number {
  return spans.length + payload.length;
}
