import { readFileSync } from "node:fs";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { contentBytesOf } from "./zstd-frame.ts";

/** Fewer bytes than this are stored as they are: zstd takes as long for them as for 1 KB, and gains hardly anything. */
const PACKED_MIN = 256;
/** Fewer bytes than this are packed with the dictionary; in more there is enough that repeats. */
const WITH_DICTIONARY_MAX = 4096;
/**
 * What the spans of a gateway, a mirror and an agent look like, and what lists show of them: most of each is names of
 * attributes. It halves what is left of them, and costs no time. Never change it: what was packed with it can be read
 * with nothing else. A better one is a second one.
 */
const DICTIONARY = readFileSync(new URL("./packing-dictionary.bin", import.meta.url));
/** What stands before what is packed with the dictionary. No protobuf message begins so: there is no field 0. */
const WITH_DICTIONARY = Buffer.from([0x01]);
/**
 * What zstd's frames begin with. As the beginning of a protobuf message it would be field 5 as a varint, which none
 * stored here begins with.
 */
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** From so many bytes on the fastest level is taken, for two thirds of the time: what comes of it is 6 % larger. */
const LARGE_MIN = 64 * 1024;
const FASTEST = { [constants.ZSTD_c_compressionLevel]: 1 };
/** zlib's output buffer. The default, 16 KiB, is allocated anew for every call. */
const OUTPUT_BYTES = 4096;

/**
 * Bytes as they are stored: compressed where that is worth while. The bytes are a protobuf message that does not begin
 * with field 5 as a varint.
 */
export function pack(bytes: Uint8Array): Uint8Array {
  if (bytes.length < PACKED_MIN) return bytes;
  const options = {
    pledgedSrcSize: bytes.length,
    chunkSize: Math.max(OUTPUT_BYTES, Math.min(bytes.length, OUTPUT_BYTES * 16)),
  };
  if (bytes.length >= LARGE_MIN) return zstdCompressSync(bytes, { ...options, params: FASTEST });
  if (bytes.length >= WITH_DICTIONARY_MAX) return zstdCompressSync(bytes, options);
  return Buffer.concat([WITH_DICTIONARY, zstdCompressSync(bytes, { ...options, dictionary: DICTIONARY })]);
}

/** The inverse of {@link pack}. */
export function unpack(stored: Uint8Array): Uint8Array {
  if (stored[0] === WITH_DICTIONARY[0]) return unpackFrame(stored.subarray(1), { dictionary: DICTIONARY });
  return ZSTD_MAGIC.equals(stored.subarray(0, ZSTD_MAGIC.length)) ? unpackFrame(stored, {}) : stored;
}

/**
 * Into a buffer of its size, where it says which, and one more byte: zlib makes another buffer of that size when one is
 * full, and takes the parts for a whole together when there are several. What is unpacked is most of what a read has
 * collected.
 */
function unpackFrame(frame: Uint8Array, options: { readonly dictionary?: Uint8Array }): Uint8Array {
  const bytes = contentBytesOf(frame);
  return zstdDecompressSync(frame, bytes === undefined ? options : { ...options, chunkSize: Math.max(64, bytes + 1) });
}
