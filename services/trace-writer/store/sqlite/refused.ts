/** SQLite's primary result codes that mean that the disk does not let one now: busy, read-only, I/O error, full, cannot open. */
const REFUSED = new Set([5, 8, 10, 13, 14]);

/** Whether an error of SQLite says that the disk, or another process, does not let one now: it may work later. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && REFUSED.has(Number(error.errcode) & 0xff);
}
