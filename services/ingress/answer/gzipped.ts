import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** What is smaller is sent as it is: compressing it costs more than it saves. */
const BYTES_MIN = 1024;

const gzipAsync = promisify(gzip);

/** `bytes`, compressed. Undefined: they are too few to be. */
export async function gzipped(bytes: Buffer): Promise<Buffer | undefined> {
  return bytes.length < BYTES_MIN ? undefined : gzipAsync(bytes);
}
