/** A message of a stream of the Connect protocol, out of its envelope. */
export interface StreamMessage {
  readonly flags: number;
  readonly bytes: Buffer;
}

/** Puts a message into its envelope. */
export function enveloped(bytes: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** The messages of a stream as they come, the one that ends it among them. */
export async function* streamMessagesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamMessage, void, void> {
  let rest = Buffer.alloc(0);
  for await (const piece of body) {
    rest = Buffer.concat([rest, piece]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      yield { flags: rest.readUInt8(0), bytes: rest.subarray(5, end) };
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new Error(`the stream ends within a message: ${rest.length} bytes of it`);
}
