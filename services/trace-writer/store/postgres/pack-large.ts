import { pack } from "../packing.ts";

/**
 * Fewer bytes than this are stored as they are: a row with them is hardly larger, while packing takes as long as all
 * else that is done for it. `unpack` is the inverse of both.
 */
const LARGE_MIN = 1024;

/** Bytes as this store keeps them: compressed where they are many. */
export function packLarge(bytes: Uint8Array): Uint8Array {
  return bytes.length < LARGE_MIN ? bytes : pack(bytes);
}
