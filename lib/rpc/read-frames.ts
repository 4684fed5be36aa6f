import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  CallerFrame,
  type ExchangeRequest,
  type ExchangeResponse,
  GatewayFrame,
  type PieceFrame,
} from "#proto/twinspan/gateway/v1/exchange.ts";
import { AnswerHead, InvocationSummary } from "#proto/twinspan/gateway/v1/invocation.ts";

/** The bytes of a smaller frame are copied. */
const VIEWED_BYTES_MIN = 8 * 1024;
/**
 * A chunk is a view of its message where the message is at most so many times its length: it keeps all of it in memory,
 * as long as its reader is slow, and no limit counts more than its length.
 */
const PINNED_TIMES_MAX = 2;

/** Tags of the contract (proto/twinspan/gateway/v1/exchange.proto): a field's number, and how it is written. */
const FRAMES = (1 << 3) | 2;
const ID = 1 << 3;
const CALLER_BODY = (3 << 3) | 2;
const GATEWAY_PIECE = (3 << 3) | 2;
const PIECE_HEAD = (1 << 3) | 2;
const PIECE_CHUNK = (2 << 3) | 2;
const PIECE_SUMMARY = (3 << 3) | 2;
const PIECE_CONTINUES = 4 << 3;

/**
 * Reads what a caller sent, as the generated codec does, but that the bytes of large `body` frames are views of
 * `message`: whoever keeps them copies them to where they belong.
 */
export function readCallerFrames(message: Buffer): ExchangeRequest {
  return { frames: framesIn(message, VIEWED_BYTES_MIN, CallerFrame, bodyFrameOf) };
}

/** Reads what a gateway sent, as the generated codec does, but that the chunks of large `piece` frames are views of `message`. */
export function readGatewayFrames(message: Buffer): ExchangeResponse {
  const viewedMin = Math.max(VIEWED_BYTES_MIN, message.length / PINNED_TIMES_MAX);
  return { frames: framesIn(message, viewedMin, GatewayFrame, pieceFrameOf) };
}

/** `viewing` reads a frame of the one kind that may be large. Undefined: it is of another, or holds what is not known here. */
function framesIn<Frame>(
  message: Buffer,
  viewedMin: number,
  generated: { decode(bytes: Uint8Array): Frame },
  viewing: (bytes: Uint8Array) => Frame | undefined,
): Frame[] {
  const frames: Frame[] = [];
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0 || (tag & 7) === WireType.EndGroup) break;
    if (tag !== FRAMES) {
      reader.skip(tag & 7);
      continue;
    }
    const bytes = reader.bytes();
    frames.push((bytes.length >= viewedMin ? viewing(bytes) : undefined) ?? generated.decode(bytes));
  }
  return frames;
}

function bodyFrameOf(bytes: Uint8Array): CallerFrame | undefined {
  const reader = new BinaryReader(bytes);
  const read: CallerFrame = { id: 0, frame: undefined };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ID) read.id = reader.uint32();
    else if (tag === CALLER_BODY) read.frame = { $case: "body", value: viewOf(reader.bytes()) };
    else return undefined;
  }
  return read;
}

function pieceFrameOf(bytes: Uint8Array): GatewayFrame | undefined {
  const reader = new BinaryReader(bytes);
  const read: GatewayFrame = { id: 0, frame: undefined };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ID) read.id = reader.uint32();
    else if (tag === GATEWAY_PIECE) {
      const value = pieceOf(reader.bytes());
      if (value === undefined) return undefined;
      read.frame = { $case: "piece", value };
    } else return undefined;
  }
  return read;
}

function pieceOf(bytes: Uint8Array): PieceFrame | undefined {
  const reader = new BinaryReader(bytes);
  const read: PieceFrame = { head: undefined, chunk: Buffer.alloc(0), summary: undefined, continues: false };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === PIECE_HEAD) read.head = AnswerHead.decode(reader.bytes());
    else if (tag === PIECE_CHUNK) read.chunk = viewOf(reader.bytes());
    else if (tag === PIECE_SUMMARY) read.summary = InvocationSummary.decode(reader.bytes());
    else if (tag === PIECE_CONTINUES) read.continues = reader.bool();
    else return undefined;
  }
  return read;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
