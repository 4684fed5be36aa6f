import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { CallerFrame, type ExchangeRequest } from "#proto/twinspan/gateway/v1/exchange.ts";
import { KeptMemory } from "../kept-memory.ts";
import { EXCHANGE_BYTES_MAX } from "./exchange-bounds.ts";

/** Larger bodies are copied once, straight to where they go. */
const APART_BYTES_MIN = 8 * 1024;

/** Tags of the contract (proto/twinspan/gateway/v1/exchange.proto): a field's number, and how it is written. */
const FRAMES = (1 << 3) | 2;
const ID = 1 << 3;
const BODY = (3 << 3) | 2;

/**
 * Packs what a caller sends on one stream, as the generated codec does. A message with large bodies stands in memory
 * that the next such message of the stream has too: grpc-js copies each into frames of its own before it asks for the
 * next.
 */
export function callerFramesPacker(): (message: ExchangeRequest) => Buffer {
  const memory = new KeptMemory(EXCHANGE_BYTES_MAX);
  const writer = new BinaryWriter();
  return ({ frames }) => {
    const parts: Uint8Array[] = [];
    try {
      for (const { id, frame } of frames) {
        if (frame?.$case === "body" && frame.value.length >= APART_BYTES_MIN) {
          writeHead(writer, id, frame.value.length);
          parts.push(writer.finish(), frame.value);
        } else CallerFrame.encode({ id, frame }, writer.uint32(FRAMES).fork()).join();
      }
    } finally {
      // Also where a frame cannot be packed: what was written of it must not stand before the next.
      parts.push(writer.finish());
    }
    return together(parts, memory);
  };
}

/** What stands before so many bytes of a body: the frame's own length, and its number. */
function writeHead(writer: BinaryWriter, id: number, bytes: number): void {
  const head = new BinaryWriter().uint32(ID).uint32(id).uint32(BODY).uint32(bytes).finish();
  writer
    .uint32(FRAMES)
    .uint32(head.length + bytes)
    .raw(head);
}

function together(parts: readonly Uint8Array[], memory: KeptMemory): Buffer {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
  const message = memory.take(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  return message;
}
