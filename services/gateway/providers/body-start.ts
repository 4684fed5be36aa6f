/** How much of a provider's answer of 4xx or 5xx is read, in bytes. What is longer is cut. */
export const REFUSAL_BYTES_MAX = 1024 * 1024;

/** The beginning of a body, at most so many bytes of it. What is longer is cut, and its connection closed. */
export async function startOf(body: AsyncGenerator<Buffer, void, void>, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= bytesMax) break;
  }
  return Buffer.concat(pieces).subarray(0, bytesMax);
}
