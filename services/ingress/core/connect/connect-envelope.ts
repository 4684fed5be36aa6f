import { ServiceError } from "#lib/service-error.ts";

/** What goes before each message of a stream: a byte of flags, and the length in four bytes. */
const PREFIX_BYTES = 5;

/** What the flags say: the message is compressed; it is the last, and tells how the stream ended. */
export const COMPRESSED = 0b01;
export const END_OF_STREAM = 0b10;

/** A message in its envelope. */
export function envelopeOf(flags: number, message: Uint8Array): Buffer {
  const enveloped = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  enveloped.writeUInt8(flags, 0);
  enveloped.writeUInt32BE(message.length, 1);
  enveloped.set(message, PREFIX_BYTES);
  return enveloped;
}

/** The one message that a request to a streaming method has. Anything else is `invalid_request`. */
export function onlyMessageOf(body: Buffer): { readonly isCompressed: boolean; readonly message: Buffer } {
  if (body.length < PREFIX_BYTES || body.readUInt32BE(1) !== body.length - PREFIX_BYTES) {
    throw new ServiceError(
      "invalid_request",
      "The body must be one message in its envelope: a byte of flags, its length in four bytes, the message.",
    );
  }
  const flags = body.readUInt8(0);
  if ((flags & ~COMPRESSED) !== 0) {
    throw new ServiceError("invalid_request", "The envelope's flags must be 0, or 1 for a compressed message.");
  }
  return { isCompressed: flags === COMPRESSED, message: body.subarray(PREFIX_BYTES) };
}
