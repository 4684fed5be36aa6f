/** How long the fields of a frame's header are, by the two bits that say so (RFC 8878, section 3.1.1.1). */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

/**
 * How many bytes a zstd frame holds, as its header says. Undefined: it does not say, or says more than 64 KiB, of which
 * whoever unpacks need not know. `frame` begins with zstd's magic number.
 */
export function contentBytesOf(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[descriptor & 0x03] ?? 0);
  const [low, high] = [frame[at], frame[at + 1]];
  switch (descriptor >> 6) {
    case 0:
      return isSingleSegment ? low : undefined;
    case 1:
      return low === undefined || high === undefined ? undefined : 256 + low + 256 * high;
    default:
      return undefined;
  }
}
