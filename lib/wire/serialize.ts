import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** A writer that has room for so many bytes is kept for the next message. */
const KEPT_BYTES_MAX = 256 * 1024;
let kept = new BinaryWriter();

/** Serializes a message, as `encode(message).finish()`: but the room is there already, and does not grow anew for each. */
export function serialize<Message>(
  type: { readonly encode: (message: Message, writer: BinaryWriter) => BinaryWriter },
  message: Message,
): Uint8Array<ArrayBuffer> {
  const writer = kept;
  // Whoever serializes within this, or fails, leaves this writer alone.
  kept = new BinaryWriter();
  const bytes = type.encode(message, writer).finish();
  if (bytes.length <= KEPT_BYTES_MAX) kept = writer;
  return bytes;
}
