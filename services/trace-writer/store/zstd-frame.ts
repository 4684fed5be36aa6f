/** How long the fields of a frame's header are, by the two bits that say so (RFC 8878, section 3.1.1.1). */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
/** A size of two bytes counts from here on. */
const TWO_BYTES_FROM = 256;
/** Of more whoever unpacks need not know: hardly a frame here holds it, and damage may say anything. */
const CONTENT_BYTES_MAX = 1024 * 1024;

/**
 * How many bytes a zstd frame holds, as its header says. Undefined: it does not say, or says more than 1 MiB. `frame`
 * begins with zstd's magic number.
 */
export function contentBytesOf(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 0x03] ?? 0);
  const length = CONTENT_SIZE_BYTES[descriptor >> 6] || (isSingleSegment ? 1 : 0);
  if (length === 0 || frame.length < at + length) return undefined;
  // Little-endian.
  const said = frame.subarray(at, at + length).reduceRight((sum, byte) => sum * 256 + byte, 0);
  const bytes = length === 2 ? said + TWO_BYTES_FROM : said;
  return bytes > CONTENT_BYTES_MAX ? undefined : bytes;
}
