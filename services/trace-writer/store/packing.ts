import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Fewer bytes than this are stored as they are: zstd takes as long for them as for 2 KB, and gains nothing. */
const PACKED_MIN = 512;
/** What zstd's frames begin with. As the beginning of a protobuf message it would be a field 5, which none stored here has. */
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** zlib's output buffer. The default, 16 KiB, is allocated anew for every call. */
const OUTPUT_BYTES = 4096;

/** Bytes as they are stored: compressed where that is worth while. The bytes begin with a protobuf field below 5. */
export function pack(bytes: Uint8Array): Uint8Array {
  if (bytes.length < PACKED_MIN) return bytes;
  return zstdCompressSync(bytes, {
    pledgedSrcSize: bytes.length,
    chunkSize: Math.max(OUTPUT_BYTES, Math.min(bytes.length, OUTPUT_BYTES * 16)),
  });
}

/** The inverse of {@link pack}. */
export function unpack(stored: Uint8Array): Uint8Array {
  return ZSTD_MAGIC.equals(stored.subarray(0, ZSTD_MAGIC.length)) ? zstdDecompressSync(stored) : stored;
}
