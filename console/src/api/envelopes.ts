/** A message of a stream of the Connect protocol. */
export interface Envelope {
  /** Whether it is the last one: JSON that says how the stream ended. */
  readonly isEnd: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const HEAD_BYTES = 5;
const COMPRESSED = 0b01;
const END = 0b10;
/** A longer message is taken for garbage, in bytes. */
const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;

/** One message as it goes over the wire: a byte of flags, the length in four, and the bytes. */
export function envelopeOf(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const envelope = new Uint8Array(HEAD_BYTES + message.length);
  new DataView(envelope.buffer).setUint32(1, message.length);
  envelope.set(message, HEAD_BYTES);
  return envelope;
}

/** The messages of a stream, however its bytes are cut. Throws where the bytes are none, and where they end within one. */
export async function* envelopesIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Envelope> {
  let rest = new Uint8Array(0);
  for await (const chunk of chunks) {
    rest = joined(rest, chunk);
    for (;;) {
      const length = lengthAt(rest);
      if (length === undefined || rest.length < HEAD_BYTES + length) break;
      yield { isEnd: ((rest[0] ?? 0) & END) !== 0, bytes: rest.slice(HEAD_BYTES, HEAD_BYTES + length) };
      rest = rest.subarray(HEAD_BYTES + length);
    }
  }
  if (rest.length > 0) throw new Error("the stream ended within a message");
}

function lengthAt(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  if (((bytes[0] ?? 0) & COMPRESSED) !== 0) throw new Error("a message is compressed, which was not asked for");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (length > MESSAGE_BYTES_MAX) throw new Error("a message is larger than any that there is");
  return length;
}

function joined(rest: Uint8Array, chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(rest.length + chunk.length);
  bytes.set(rest);
  bytes.set(chunk, rest.length);
  return bytes;
}
