/** A body that is there whole, as one that comes. */
export async function* wholeBody(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}
