import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { DamagedPlace, Found } from "./find-rest.ts";
import { readSegment, type Stretch } from "./read-segment.ts";
import { givenIn, type Jump } from "./record-numbers.ts";
import { BLOCKS_FROM } from "./segment-head.ts";
import { type BlockPlace, segmentPath } from "./segments.ts";
import { bytesOf, type StoredRecord } from "./stored-record.ts";

/** Hears of what was to be read and is not there. */
export interface LossObserver {
  /** A part of a file cannot be read. */
  found(place: DamagedPlace): void;
  /** So many records that waited are lost. */
  lost(records: number): void;
  /** A place was passed over that may have had records, and nobody knows how many: behind it another series begins. */
  lostUncounted(): void;
}

/** A block that was written. */
export interface WrittenBlock {
  readonly place: BlockPlace;
  /** Where the next one will be. */
  readonly end: BlockPlace;
  /** How many records it has, and their bytes. */
  readonly records: number;
  readonly bytes: number;
}

/**
 * What a disk cannot read (EIO) is passed over, and lost, once it was tried so often. The shipper waits longer and
 * longer in between, some minutes in all: a disk that is away for that long loses nothing.
 */
const READ_TRIES = 40;

/**
 * The records that wait on the disk and are not in memory, in their order. Their numbers have no gaps, so that one that
 * is not where it was written is missed. Each place is read once.
 */
export class UnreadRecords {
  /** The number of the next record that is written. */
  nextSeq: number;
  readonly #path: string;
  readonly #losses: LossObserver;
  /** Up to this number records waited no more when the process began. */
  readonly #goneBefore: number;
  /** The number of the first of them. */
  #firstSeq: number;
  /** The numbers that no record was given. */
  readonly #jumps: readonly Jump[];
  #bytes: number;
  /** Where the first of them may be. Undefined: there is none. */
  #place: BlockPlace | undefined;
  /** The segments behind that place that have records, ascending. */
  #segments: number[];
  /** Where the last block ends. */
  #end: BlockPlace;
  /** Where that was when the process began: what is behind it there was cut by a death. */
  readonly #foundEnd: BlockPlace;
  /** The last segment that may have records that are not counted, since they could not be read. 0: none may. */
  readonly #uncountedUpTo: number;
  #failedReads = 0;
  /** Whether something could not be read since the last block. */
  #isBlind = false;

  /** What an earlier process has left is not read before its turn comes. */
  constructor(path: string, found: Found, losses: LossObserver) {
    const { segments, bytes, goneUpTo, nextSeq, jumps, end } = found;
    const place = firstOf(found);
    this.#path = path;
    this.#losses = losses;
    this.nextSeq = nextSeq;
    this.#goneBefore = goneUpTo;
    this.#firstSeq = goneUpTo + 1;
    this.#jumps = jumps;
    this.#bytes = bytes;
    this.#place = place;
    this.#segments = place === undefined ? [] : segments.filter((segment) => segment > place.segment);
    this.#end = end;
    this.#foundEnd = end;
    this.#uncountedUpTo = found.unknownFrom === undefined ? 0 : end.segment;
    if (place === undefined) this.#endReading();
  }

  /** The number of the first of them; where there is none, of the next record that is written. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** The segment that the first of them may be in. Undefined: there is none to be read. */
  get firstSegment(): number | undefined {
    return this.#place?.segment;
  }

  /** How many they are, those that will be missed among them. */
  get records(): number {
    return givenIn({ from: this.#firstSeq, to: this.nextSeq }, this.#jumps);
  }

  /** The bytes of those that were there when they were counted. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A block was written whose records are in memory: there were no others to be read first. */
  skip({ end, records }: WrittenBlock): void {
    this.#end = end;
    this.nextSeq += records;
    this.#firstSeq = this.nextSeq;
  }

  /** A block was written whose records are not in memory. */
  add({ place, end, records, bytes }: WrittenBlock): void {
    this.#end = end;
    this.nextSeq += records;
    if (records === 0) return;
    this.#bytes += bytes;
    if (this.#place === undefined) this.#place = place;
    else if (place.segment > (this.#segments.at(-1) ?? this.#place.segment)) this.#segments.push(place.segment);
  }

  /**
   * Reads on, until it has so many bytes: to the end of a segment, or of what is known to be written. `take` is given
   * the records of one block after the other. Rejects where the disk cannot be read now; what was given until then is
   * not given again.
   */
  async readOn(bytesMax: number, take: (records: readonly StoredRecord[]) => void): Promise<void> {
    if (this.#place === undefined) return;
    const { segment, offset } = this.#place;
    const end = this.#end;
    const isCurrent = segment === end.segment;
    const upTo = isCurrent ? end.offset : segment === this.#foundEnd.segment ? this.#foundEnd.offset : undefined;
    let bytes = 0;
    this.#failedReads += 1;
    try {
      const reading = { from: offset, upTo, passOver: this.#failedReads > READ_TRIES ? { tries: 0 } : undefined };
      for await (const stretch of readSegment(this.#path, segment, reading)) {
        const records = this.#recordsIn(stretch, segment);
        for (const record of records) bytes += bytesOf(record);
        take(records);
        if (bytes >= bytesMax) break;
      }
    } catch (error) {
      if (!this.#isGone(segment, error)) throw error;
      this.#losses.found({ why: "missing", segment });
      this.#isBlind = true;
    }
    this.#failedReads = 0;
    if (this.records === 0 && segment > this.#uncountedUpTo) this.#endReading();
    else if (bytes < bytesMax) this.#goOnBehind(isCurrent ? end : undefined);
  }

  /** The records of a stretch that wait. What is behind it is to be read next. */
  #recordsIn(stretch: Stretch, segment: number): readonly StoredRecord[] {
    if (stretch.kind === "damage") {
      this.#losses.found({ why: "damaged", segment, offset: stretch.offset, bytes: stretch.bytes });
      this.#isBlind = true;
      return [];
    }
    const { head, writes, end } = stretch;
    const records = writes
      .filter((write) => write.kind === "finish")
      .map(({ traceId, told, payload }, index) => {
        return { seq: head.firstSeq + index, traceId, told, payload, addedMs: head.timeMs, segment };
      });
    const waiting = records.filter(({ seq }) => seq > this.#goneBefore);
    this.#expect(head.firstSeq);
    this.#firstSeq = Math.max(this.#firstSeq, head.firstSeq + records.length);
    for (const record of waiting) this.#bytes = Math.max(0, this.#bytes - bytesOf(record));
    this.#place = { segment, offset: end };
    return waiting;
  }

  /** Says that the next record that there is has this number: those before it that were not read are lost. */
  #expect(seq: number): void {
    const lost = givenIn({ from: this.#firstSeq, to: seq }, this.#jumps);
    const isJump = this.#jumps.some(({ to }) => to > this.#firstSeq && to <= seq);
    if (lost > 0) this.#losses.lost(lost);
    if (isJump && this.#isBlind) this.#losses.lostUncounted();
    this.#firstSeq = Math.max(this.#firstSeq, seq);
    this.#isBlind = false;
  }

  /**
   * Whether its file was removed. Where the whole directory is away it may come again, or has since it was to be read.
   */
  #isGone(segment: number, error: unknown): boolean {
    const wasMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return wasMissing && existsSync(dirname(this.#path)) && !existsSync(segmentPath(this.#path, segment));
  }

  /** `readUpTo`: where the last block ended when reading began, where it was in this segment. */
  #goOnBehind(readUpTo: BlockPlace | undefined): void {
    if (readUpTo !== undefined && readUpTo !== this.#end) {
      // What was written meanwhile begins where this ended.
      this.#place = readUpTo;
      return;
    }
    const next = this.#segments.shift();
    if (next === undefined) this.#endReading();
    else this.#place = { segment: next, offset: BLOCKS_FROM };
  }

  #endReading(): void {
    this.#place = undefined;
    this.#segments = [];
    this.#bytes = 0;
    this.#expect(this.nextSeq);
  }
}

/** Where the first record that waits is, or may be: what could not be read when the process began is tried again. */
function firstOf({ firstAt, unknownFrom }: Found): BlockPlace | undefined {
  if (firstAt === undefined || unknownFrom === undefined) return firstAt ?? unknownFrom;
  const bySegment = unknownFrom.segment - firstAt.segment;
  return (bySegment === 0 ? unknownFrom.offset - firstAt.offset : bySegment) < 0 ? unknownFrom : firstAt;
}
