import type { BlockHead, Write } from "./block.ts";
import type { Found } from "./find-rest.ts";
import type { BlockPlace } from "./segments.ts";
import { bytesOf, type StoredRecord, type WaitingRecord } from "./stored-record.ts";
import { type LossObserver, UnreadRecords } from "./unread-records.ts";

/**
 * So many bytes of records are held in memory; what comes beyond that is read again from the disk when its turn comes.
 */
const HELD_BYTES_MAX = 16 * 1024 * 1024;
/** No more is postponed once so much is: the segments behind the first of them stay. */
const POSTPONED_MAX = 100;
const POSTPONED_BYTES_MAX = 64 * 1024 * 1024;

/** The records that wait for the trace-writer, in their order: the first of them in memory, the others on the disk. */
export class RecordQueue {
  readonly #heldBytesMax: number;
  readonly #unread: UnreadRecords;
  #held: StoredRecord[] = [];
  /** Those that are given after the others, one at a time, by their numbers. */
  readonly #postponed: StoredRecord[] = [];
  /** The number of the one that was postponed last. */
  #lastPostponed = 0;
  #heldBytes = 0;
  /** When the record came that was the oldest last, where the next one is not read yet. */
  #lastOldestMs: number | undefined;

  /** What an earlier process has left is not read before its turn comes. */
  constructor(path: string, found: Found, losses: LossObserver, heldBytesMax = HELD_BYTES_MAX) {
    this.#heldBytesMax = heldBytesMax;
    this.#unread = new UnreadRecords(path, found, losses);
    this.#lastOldestMs = found.oldestMs;
  }

  /** Records that wait. */
  get records(): number {
    return this.#postponed.length + this.#held.length + this.#unread.records;
  }

  /** Whether no record waits, nor is anything left to be read that may have some. */
  get isEmpty(): boolean {
    return this.records === 0 && this.firstSegment === undefined;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#heldBytes + this.#unread.bytes;
  }

  /** Records up to this number wait no more, those that are lost among them. */
  get goneUpTo(): number {
    return (this.#oldest?.seq ?? this.#unread.firstSeq) - 1;
  }

  /** The oldest segment that is still needed. Undefined: none is. */
  get firstSegment(): number | undefined {
    return this.#oldest?.segment ?? this.#unread.firstSegment;
  }

  /** When the oldest came, in milliseconds since the Unix epoch. Undefined: none waits. */
  get oldestMs(): number | undefined {
    return this.records === 0 ? undefined : (this.#oldest?.addedMs ?? this.#lastOldestMs);
  }

  /** The head of a block that is written now. */
  headAt(timeMs: number): BlockHead {
    return { timeMs, goneUpTo: this.goneUpTo, firstSeq: this.#unread.nextSeq };
  }

  /** Adds the records of a block that was written. `end` is where the next one will be. */
  add(writes: readonly Write[], addedMs: number, place: BlockPlace, end: BlockPlace): void {
    const added: StoredRecord[] = [];
    let seq = this.#unread.nextSeq;
    let bytes = 0;
    for (const write of writes) {
      if (write.kind !== "finish") continue;
      const { traceId, told, payload } = write;
      added.push({ seq, traceId, told, payload, addedMs, segment: place.segment });
      seq += 1;
      bytes += told.length + payload.length;
    }
    const block = { place, end, records: added.length, bytes };
    const isRoomy = this.#held.length === 0 || this.#heldBytes + bytes <= this.#heldBytesMax;
    if (this.#unread.firstSegment === undefined && isRoomy) {
      this.#unread.skip(block);
      this.#hold(added);
    } else this.#unread.add(block);
  }

  /**
   * The first records: at most `recordsMax`, and no more than `bytesMax` together, but always one where one waits.
   * None, where all that waited is lost. Rejects where the disk cannot be read now.
   */
  async first(recordsMax: number, bytesMax: number): Promise<readonly WaitingRecord[]> {
    while (this.#held.length === 0 && this.#unread.firstSegment !== undefined) {
      await this.#unread.readOn(this.#heldBytesMax, (records) => this.#hold(records));
    }
    if (this.#held.length === 0) this.#held = this.#nextPostponed();
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

  /**
   * Puts the first record, which `first` gave, behind all others that wait, in memory only: on the disk nothing
   * changes, so after a death it is delivered again, as are those behind it. Past a hundred of them, or 64 MiB, it
   * stays the first.
   */
  postpone(): void {
    const bytes = this.#postponed.reduce((sum, record) => sum + bytesOf(record), 0);
    if (this.#postponed.length >= POSTPONED_MAX || bytes > POSTPONED_BYTES_MAX) return;
    for (const record of this.#held.splice(0, 1)) {
      this.#postponed.push(record);
      this.#lastPostponed = record.seq;
    }
    this.#postponed.sort((a, b) => a.seq - b.seq);
  }

  /** The next of those that were postponed, by turns, so that what comes meanwhile waits for one of them alone. */
  #nextPostponed(): StoredRecord[] {
    const next = this.#postponed.findIndex(({ seq }) => seq > this.#lastPostponed);
    return this.#postponed.splice(Math.max(0, next), 1);
  }

  get #oldest(): StoredRecord | undefined {
    const [postponed] = this.#postponed;
    const [held] = this.#held;
    if (postponed === undefined || held === undefined) return postponed ?? held;
    return held.seq < postponed.seq ? held : postponed;
  }

  #hold(records: readonly StoredRecord[]): void {
    for (const record of records) {
      this.#held.push(record);
      this.#heldBytes += bytesOf(record);
    }
  }
}
