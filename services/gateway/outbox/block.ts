import { crc32 } from "node:zlib";

/** A change to the outbox. */
export type Write =
  /** A call begins: its note (note.ts), no payload. */
  | { readonly kind: "begin"; readonly traceId: string; readonly note: Uint8Array }
  /** A call has ended: its record takes the place of its note. */
  | { readonly kind: "finish"; readonly traceId: string; readonly told: Uint8Array; readonly payload: Uint8Array }
  /** A call has ended, and its record was given up and counted: its note goes. */
  | { readonly kind: "drop"; readonly traceId: string };

/** What a block says beside its writes. */
export interface BlockHead {
  /** When it was written, in milliseconds since the Unix epoch: the process lived then. */
  readonly timeMs: number;
  /** Records up to this number wait no more. */
  readonly goneUpTo: number;
  /** The number of the first record in it; the others follow. */
  readonly firstSeq: number;
}

/** A block as it was read. What its writes hold are views of what was read. */
export interface Block {
  readonly head: BlockHead;
  readonly writes: readonly Write[];
  /** Where it ends. */
  readonly end: number;
}

/** What blocks of one file begin with, and of no other: so nothing that a payload holds can be taken for a block. */
export const NONCE_BYTES = 8;
/**
 * What a block has at least: the nonce, the length and the checksum of all that follows; then the three figures of the
 * head.
 */
export const HEAD_BYTES = NONCE_BYTES + 8 + 24;
const CHECKED_FROM = NONCE_BYTES + 8;
const TRACE_ID_BYTES = 16;
/** A kind and an id; and a length, or two. */
const WRITE_HEAD_BYTES = { begin: 1 + TRACE_ID_BYTES + 4, finish: 1 + TRACE_ID_BYTES + 8, drop: 1 + TRACE_ID_BYTES };
const KINDS = { begin: 1, finish: 2, drop: 3 } as const satisfies Record<Write["kind"], number>;

/**
 * Writes as one block, which is read whole or not at all: what the death of the process or the loss of power has cut
 * does not match its checksum. A note is a kind, the trace's id, a length and the text; a record two lengths, and its
 * two parts. It stands in what `memoryOf` gives for its length.
 */
export function encodeBlock(
  nonce: Uint8Array,
  head: BlockHead,
  writes: readonly Write[],
  memoryOf: (bytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  let length = HEAD_BYTES;
  for (const write of writes) length += WRITE_HEAD_BYTES[write.kind] + sizeOf(write);
  const block = memoryOf(length);
  block.set(nonce);
  block.writeUInt32LE(length, NONCE_BYTES);
  let at = block.writeDoubleLE(head.timeMs, CHECKED_FROM);
  at = block.writeDoubleLE(head.goneUpTo, at);
  at = block.writeDoubleLE(head.firstSeq, at);
  for (const write of writes) {
    at = block.writeUInt8(KINDS[write.kind], at);
    at += block.write(write.traceId, at, TRACE_ID_BYTES, "hex");
    switch (write.kind) {
      case "begin":
        at = block.writeUInt32LE(write.note.length, at);
        block.set(write.note, at);
        at += write.note.length;
        break;
      case "finish":
        at = block.writeUInt32LE(write.told.length, at);
        at = block.writeUInt32LE(write.payload.length, at);
        block.set(write.told, at);
        block.set(write.payload, at + write.told.length);
        at += write.told.length + write.payload.length;
        break;
      case "drop":
        break;
    }
  }
  block.writeUInt32LE(crc32(block.subarray(CHECKED_FROM)), NONCE_BYTES + 4);
  return block;
}

/**
 * How many bytes the block says it has that begins there, or the least it may have where its head is not there whole.
 * Undefined: none begins there.
 */
export function blockBytesAt(nonce: Uint8Array, bytes: Buffer, at: number): number | undefined {
  if (!bytes.subarray(at, at + NONCE_BYTES).equals(nonce)) return undefined;
  if (at + HEAD_BYTES > bytes.length) return HEAD_BYTES;
  const length = bytes.readUInt32LE(at + NONCE_BYTES);
  return length < HEAD_BYTES ? undefined : length;
}

/** The block that begins there. Undefined: none does, or one that is cut or damaged. */
export function readBlock(nonce: Uint8Array, bytes: Buffer, at: number): Block | undefined {
  const length = blockBytesAt(nonce, bytes, at);
  if (length === undefined || at + length > bytes.length) return undefined;
  const end = at + length;
  if (crc32(bytes.subarray(at + CHECKED_FROM, end)) !== bytes.readUInt32LE(at + NONCE_BYTES + 4)) return undefined;
  const head = {
    timeMs: bytes.readDoubleLE(at + CHECKED_FROM),
    goneUpTo: bytes.readDoubleLE(at + CHECKED_FROM + 8),
    firstSeq: bytes.readDoubleLE(at + CHECKED_FROM + 16),
  };
  return { head, writes: writesIn(bytes, at + HEAD_BYTES, end), end };
}

/** How many bytes of notes, of what is told and of payload a write holds. */
export function sizeOf(write: Write): number {
  switch (write.kind) {
    case "begin":
      return write.note.length;
    case "finish":
      return write.told.length + write.payload.length;
    case "drop":
      return 0;
  }
}

/** The checksum has said that they are as they were written. */
function writesIn(bytes: Buffer, from: number, end: number): readonly Write[] {
  const writes: Write[] = [];
  const take = (length: number) => {
    const taken = bytes.subarray(at, at + length);
    at += length;
    return taken;
  };
  let at = from;
  while (at < end) {
    const kind = take(1).readUInt8();
    const traceId = take(TRACE_ID_BYTES).toString("hex");
    switch (kind) {
      case KINDS.begin:
        writes.push({ kind: "begin", traceId, note: take(take(4).readUInt32LE()) });
        break;
      case KINDS.finish: {
        const lengths = take(8);
        const told = take(lengths.readUInt32LE(0));
        writes.push({ kind: "finish", traceId, told, payload: take(lengths.readUInt32LE(4)) });
        break;
      }
      case KINDS.drop:
        writes.push({ kind: "drop", traceId });
        break;
      default:
        throw new Error(`the outbox holds a write of kind ${kind}, which this version does not know`);
    }
  }
  return writes;
}
