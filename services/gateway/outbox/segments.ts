import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type Block, NONCE_BYTES, readBlock, sizeOf } from "./block.ts";

/*
 * The files that an outbox is written into, one after the other: `<path>.1`, `<path>.2` and so on. Each begins with a word that
 * tells what it is, and the nonce of its blocks.
 */

const WORD = Buffer.from("twinspan outbox\n");
/** Where the first block of a segment is. */
export const BLOCKS_FROM = WORD.length + NONCE_BYTES;

/** Where a block is. */
export interface BlockPlace {
  readonly segment: number;
  readonly offset: number;
}

/** The file of a segment. */
export function segmentPath(path: string, segment: number): string {
  return `${path}.${segment}`;
}

/** The numbers of the segments that there are, ascending. */
export function segmentsOf(path: string): readonly number[] {
  const prefix = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((number) => /^[1-9]\d{0,14}$/.test(number))
    .map(Number)
    .sort((a, b) => a - b);
}

/** What a segment begins with. */
export function segmentHead(nonce: Uint8Array): Buffer {
  return Buffer.concat([WORD, nonce]);
}

/** The whole blocks of a segment's bytes, from an offset on. A cut ends them: nothing was written behind one. */
export function* blocksIn(bytes: Buffer, from = BLOCKS_FROM): Generator<Block, void, void> {
  if (!bytes.subarray(0, WORD.length).equals(WORD)) return;
  const nonce = bytes.subarray(WORD.length, BLOCKS_FROM);
  for (let at = from; ; ) {
    const block = readBlock(nonce, bytes, at);
    if (block === undefined) return;
    yield block;
    at = block.end;
  }
}

/** What an earlier process has left in an outbox. */
export interface Found {
  /** The calls in flight, by their trace. */
  readonly notes: ReadonlyMap<string, Uint8Array>;
  /** Records that wait, and their bytes. */
  readonly records: number;
  readonly bytes: number;
  /** When the first of them came, in milliseconds since the Unix epoch. Undefined: none waits. */
  readonly oldestMs: number | undefined;
  /** The last moment at which that process is known to have lived, in milliseconds since the Unix epoch. 0: never. */
  readonly lastAliveMs: number;
  readonly goneUpTo: number;
  /** The number of the next record. */
  readonly nextSeq: number;
  /** The segments that there are. */
  readonly segments: readonly number[];
}

/** Reads every segment of an outbox that nobody writes to. */
export function findRest(path: string): Found {
  const segments = segmentsOf(path);
  const notes = new Map<string, Uint8Array>();
  const waiting = new Map<number, { readonly bytes: number; readonly addedMs: number }>();
  let lastAliveMs = 0;
  let goneUpTo = 0;
  let nextSeq = 1;
  for (const segment of segments) {
    for (const { head, writes } of blocksIn(readFileSync(segmentPath(path, segment)))) {
      lastAliveMs = head.timeMs;
      goneUpTo = Math.max(goneUpTo, head.goneUpTo);
      nextSeq = head.firstSeq;
      for (const write of writes) {
        if (write.kind === "begin") {
          notes.set(write.traceId, Buffer.from(write.note));
          continue;
        }
        notes.delete(write.traceId);
        if (write.kind === "finish") waiting.set(nextSeq++, { bytes: sizeOf(write), addedMs: head.timeMs });
      }
    }
    for (const seq of waiting.keys()) {
      if (seq > goneUpTo) break;
      waiting.delete(seq);
    }
  }
  const bytes = waiting.values().reduce((sum, record) => sum + record.bytes, 0);
  const [oldest] = waiting.values();
  return {
    notes,
    records: waiting.size,
    bytes,
    oldestMs: oldest?.addedMs,
    lastAliveMs,
    goneUpTo,
    nextSeq,
    segments,
  };
}
