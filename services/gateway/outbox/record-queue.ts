import { readFile } from "node:fs/promises";
import type { Block, BlockHead } from "./block.ts";
import { BLOCKS_FROM, type BlockPlace, blocksIn, type Found, segmentPath } from "./segments.ts";

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

/** A record in memory, and the segment that has it. */
interface HeldRecord extends WaitingRecord {
  readonly segment: number;
}

/** So many bytes of records are held in memory; what comes beyond that is read again from the disk when its turn comes. */
const HELD_BYTES_MAX = 16 * 1024 * 1024;

/** The records that wait for the trace-writer, in their order: the first of them in memory, the others on the disk. */
export class RecordQueue {
  /** Records that wait, and their bytes. */
  records: number;
  bytes: number;
  /** Records up to this number wait no more. */
  goneUpTo: number;
  /** The number of the next record. */
  nextSeq: number;
  readonly #path: string;
  #held: HeldRecord[] = [];
  #heldBytes = 0;
  /** When the record came that was the oldest last, where the next one is not read yet. */
  #lastOldestMs: number | undefined;
  /** Where the records begin that are not held. Undefined: all are. */
  #unread: BlockPlace | undefined;
  /** The last segment that has blocks, and where they end. */
  #end: BlockPlace;

  /** What an earlier process has left is not read before its turn comes. */
  constructor(path: string, found: Found) {
    this.#path = path;
    this.records = found.records;
    this.bytes = found.bytes;
    this.goneUpTo = found.goneUpTo;
    this.nextSeq = found.nextSeq;
    this.#lastOldestMs = found.oldestMs;
    this.#unread = found.records === 0 ? undefined : { segment: found.segments[0] ?? 1, offset: BLOCKS_FROM };
    this.#end = { segment: found.segments.at(-1) ?? 1, offset: Number.POSITIVE_INFINITY };
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
  add(writes: Block["writes"], addedMs: number, place: BlockPlace, end: BlockPlace): void {
    let bytes = 0;
    const added: HeldRecord[] = [];
    for (const write of writes) {
      if (write.kind !== "finish") continue;
      const { traceId, spans, payload } = write;
      added.push({ seq: this.nextSeq++, traceId, spans, payload, addedMs, segment: place.segment });
      bytes += spans.length + payload.length;
    }
    this.#end = end;
    this.records += added.length;
    this.bytes += bytes;
    if (added.length === 0 || this.#unread !== undefined) return;
    if (this.#held.length > 0 && this.#heldBytes + bytes > HELD_BYTES_MAX) this.#unread = place;
    else this.#hold(added);
  }

  /** The first records: at most `recordsMax`, and no more than `bytesMax` together, but always one where one waits. */
  async first(recordsMax: number, bytesMax: number): Promise<readonly WaitingRecord[]> {
    while (this.#held.length === 0 && this.#unread !== undefined) await this.#read(this.#unread);
    if (this.#held.length === 0 && this.records > 0) throw new Error("somebody else has changed its files");
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
      this.records -= 1;
      this.bytes -= bytesOf(record);
      this.#heldBytes -= bytesOf(record);
      this.goneUpTo = record.seq;
      this.#lastOldestMs = record.addedMs;
    }
  }

  #hold(records: readonly HeldRecord[]): void {
    for (const record of records) {
      this.#held.push(record);
      this.#heldBytes += bytesOf(record);
    }
  }

  /** Reads on from a place to the end of its segment, or of what is known to be written. */
  async #read({ segment, offset }: BlockPlace): Promise<void> {
    const end = this.#end;
    const bytes = await readFile(segmentPath(this.#path, segment));
    const written = segment === end.segment ? bytes.subarray(0, Math.min(end.offset, bytes.length)) : bytes;
    for (const block of blocksIn(written, offset)) this.#hold(this.#waitingIn(block, segment));
    // What was written meanwhile begins where this ended.
    if (segment < end.segment) this.#unread = { segment: segment + 1, offset: BLOCKS_FROM };
    else this.#unread = this.#end === end ? undefined : end;
  }

  #waitingIn({ head, writes }: Block, segment: number): readonly HeldRecord[] {
    return writes
      .filter((write) => write.kind === "finish")
      .map(({ traceId, spans, payload }, index) => {
        return { seq: head.firstSeq + index, traceId, spans, payload, addedMs: head.timeMs, segment };
      })
      .filter(({ seq }) => seq > this.goneUpTo);
  }
}

/** The bytes of a record. */
export function bytesOf({ spans, payload }: Pick<WaitingRecord, "spans" | "payload">): number {
  return spans.length + payload.length;
}
