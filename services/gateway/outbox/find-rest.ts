import { sizeOf, type Write } from "./block.ts";
import { type Patience, readSegment, type Stretch } from "./read-segment.ts";
import { givenIn, type Jump, jumpBefore, jumpFrom } from "./record-numbers.ts";
import { BLOCKS_FROM } from "./segment-head.ts";
import { type BlockPlace, segmentsOf } from "./segments.ts";
import { messageOf } from "./troubles.ts";

/**
 * What cannot be read of a segment: a part of it is something else than was written, or the whole file is not there.
 */
export type DamagedPlace =
  | (BlockPlace & { readonly why: "damaged"; readonly bytes: number })
  | { readonly why: "missing"; readonly segment: number };

/** What an earlier process has left in an outbox. */
export interface Found {
  /** The calls in flight, by their trace. */
  readonly notes: ReadonlyMap<string, Uint8Array>;
  /** Records that wait, those that cannot be read among them, and the bytes of those that can. */
  readonly records: number;
  readonly bytes: number;
  /** When the first of them came, in milliseconds since the Unix epoch. Undefined: none waits. */
  readonly oldestMs: number | undefined;
  /** The block that has the first of them that can be read. Undefined: none has. */
  readonly firstAt: BlockPlace | undefined;
  /** The last moment at which that process is known to have lived, in milliseconds since the Unix epoch. 0: never. */
  readonly lastAliveMs: number;
  readonly goneUpTo: number;
  /** The number of the next record. */
  readonly nextSeq: number;
  /** The numbers before that one that no record was given, ascending. */
  readonly jumps: readonly Jump[];
  /** Where that begins which cannot be read and may have records that wait. Undefined: there is no such place. */
  readonly unknownFrom: BlockPlace | undefined;
  /**
   * The segments that there are, and where the last block of the last one ends. Infinity: what is behind it could not
   * be read.
   */
  readonly segments: readonly number[];
  readonly end: BlockPlace;
  /** Files that have a segment's name and are none. */
  readonly foreign: readonly number[];
}

/** A disk that cannot read something may do so a moment later: a start waits so often for that, a second in all. */
const READ_TRIES = 10;

/**
 * Reads every segment of an outbox that nobody writes to: a piece after the other, so that neither memory nor others
 * who use this thread are asked for more where much waits. `onDamage` hears of what cannot be read. Rejects with an
 * Error for the operator when a segment cannot be opened.
 */
export async function findRest(path: string, onDamage: (place: DamagedPlace) => void = () => {}): Promise<Found> {
  const { segments, foreign } = await segmentsOf(path).catch((cause: unknown) => {
    throw new Error(`The outbox ${path} cannot be read: ${messageOf(cause)}. Let this user read it, or move it away.`, {
      cause,
    });
  });
  const tally = new Tally();
  const passOver = { tries: READ_TRIES };
  for (const segment of segments) {
    tally.begin(segment);
    for await (const stretch of readSegment(path, segment, { passOver })) {
      if (stretch.kind === "block") {
        tally.add(stretch);
        continue;
      }
      tally.addUnknown({ segment, offset: stretch.offset });
      onDamage({ why: "damaged", segment, offset: stretch.offset, bytes: stretch.bytes });
    }
  }
  const { notes, lastAliveMs, goneUpTo, end, isEndKnown, firstUnknown: unknownFrom } = tally;
  const knownNext = Math.max(tally.nextSeq, goneUpTo + 1);
  const jumps = isEndKnown ? tally.jumps : [...tally.jumps, jumpFrom(knownNext)];
  const nextSeq = isEndKnown ? knownNext : jumpFrom(knownNext).to;
  const records = givenIn({ from: goneUpTo + 1, to: nextSeq }, jumps);
  const found = { notes, records, lastAliveMs, goneUpTo, nextSeq, jumps, unknownFrom, segments, foreign, end };
  const first = tally.firstWaiting;
  if (first === undefined) return { ...found, bytes: 0, oldestMs: undefined, firstAt: undefined };
  const { place, addedMs, bytesBefore } = await firstWaitingIn(path, first.segment, goneUpTo, passOver);
  return { ...found, bytes: tally.bytes - first.bytesBefore - bytesBefore, oldestMs: addedMs, firstAt: place };
}

/** Goes over blocks, and remembers of them what is still so after the last one. */
class Tally {
  readonly notes = new Map<string, Uint8Array>();
  lastAliveMs = 0;
  goneUpTo = 0;
  nextSeq = 1;
  readonly jumps: Jump[] = [];
  /** The bytes of all records, those that wait no more among them. */
  bytes = 0;
  end: BlockPlace = { segment: 0, offset: BLOCKS_FROM };
  /** The segments that may have records that wait, and the bytes of the records before each. */
  #waiting: { readonly segment: number; readonly bytesBefore: number; nextSeq: number }[] = [];
  /** What cannot be read, and the number of the first record behind it. Infinity: no block is. */
  #unknown: { readonly place: BlockPlace; readonly nextSeq: number }[] = [];
  #segment = 0;

  begin(segment: number): void {
    this.#waiting = this.#waiting.filter(({ nextSeq }) => nextSeq > this.goneUpTo + 1);
    this.#unknown = this.#unknown.filter(({ nextSeq }) => nextSeq > this.goneUpTo + 1);
    this.#waiting.push({ segment, bytesBefore: this.bytes, nextSeq: 0 });
    this.#segment = segment;
    this.end = { segment, offset: BLOCKS_FROM };
  }

  add({ head, writes, end }: Extract<Stretch, { kind: "block" }>): void {
    this.lastAliveMs = head.timeMs;
    this.goneUpTo = Math.max(this.goneUpTo, head.goneUpTo);
    const jump = jumpBefore(head.firstSeq, this.nextSeq);
    if (jump !== undefined) this.jumps.push(jump);
    const unknown = this.isEndKnown ? undefined : this.#unknown.pop();
    const isMissed = head.firstSeq > this.nextSeq;
    if (unknown !== undefined && isMissed) this.#unknown.push({ place: unknown.place, nextSeq: head.firstSeq });
    this.nextSeq = head.firstSeq;
    this.end = { segment: this.#segment, offset: end };
    const records = writes.filter((write) => this.#note(write));
    if (records.length === 0) return;
    for (const record of records) this.bytes += sizeOf(record);
    this.nextSeq += records.length;
    const current = this.#waiting.at(-1);
    if (current !== undefined) current.nextSeq = this.nextSeq;
  }

  /** Something cannot be read there: blocks, perhaps. */
  addUnknown(place: BlockPlace): void {
    if (this.isEndKnown) this.#unknown.push({ place, nextSeq: Number.POSITIVE_INFINITY });
    this.end = { segment: place.segment, offset: Number.POSITIVE_INFINITY };
  }

  /** Whether nothing that cannot be read is behind the last block. */
  get isEndKnown(): boolean {
    return this.#unknown.at(-1)?.nextSeq !== Number.POSITIVE_INFINITY;
  }

  /** The first place that cannot be read and may have records that wait. */
  get firstUnknown(): BlockPlace | undefined {
    return this.#unknown.find(({ nextSeq }) => nextSeq > this.goneUpTo + 1)?.place;
  }

  get firstWaiting(): { readonly segment: number; readonly bytesBefore: number } | undefined {
    return this.#waiting.find(({ nextSeq }) => nextSeq > this.goneUpTo + 1);
  }

  /** Answers whether it is a record. */
  #note(write: Write): boolean {
    if (write.kind === "begin") this.notes.set(write.traceId, Buffer.from(write.note));
    else this.notes.delete(write.traceId);
    return write.kind === "finish";
  }
}

/**
 * Where the first record behind `goneUpTo` is in a segment: its block, when that was written, and the bytes of the
 * segment's records before it.
 */
async function firstWaitingIn(path: string, segment: number, goneUpTo: number, passOver: Patience) {
  let bytesBefore = 0;
  for await (const stretch of readSegment(path, segment, { passOver })) {
    if (stretch.kind === "damage") continue;
    const { offset, head, writes } = stretch;
    const records = writes.filter(({ kind }) => kind === "finish");
    const gone = Math.max(0, goneUpTo + 1 - head.firstSeq);
    for (const record of records.slice(0, gone)) bytesBefore += sizeOf(record);
    if (records.length > gone) return { place: { segment, offset }, addedMs: head.timeMs, bytesBefore };
  }
  return { place: { segment, offset: BLOCKS_FROM }, addedMs: undefined, bytesBefore };
}
