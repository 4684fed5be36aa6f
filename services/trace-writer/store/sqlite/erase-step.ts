import type { DatabaseSync } from "node:sqlite";
import { integerIn } from "../columns.ts";

/**
 * What a step has left to do: `more` steps, `done`: nothing, `busy`: somebody still reads what was there before, so
 * that the log cannot be emptied yet.
 */
export type EraseOutcome = "more" | "done" | "busy";

/** A file of so many bytes is written anew as a whole: that takes some 100 milliseconds. */
const REWRITTEN_BYTES_MAX = 16n * 1024n * 1024n;
/** So many pages are given back in one step: writes wait meanwhile, some tens of milliseconds. */
const PAGES_MAX = 500;

/**
 * One step towards a file and a write-ahead log that hold nothing of what was deleted, and are as small as they can be.
 * First free pages, which are zeros already (`secure_delete`), go back to the disk; then the log, which still has what
 * was written before, is copied into the file and emptied. It must run outside of a transaction.
 *
 * `secure_delete` overwrites what is deleted where it is then. Where SQLite had moved a row to another page before, a
 * piece of it may stay in the unused middle of the page that it left, until that page is filled. A small file is
 * written anew, so that nothing stays; in a large one such a piece may.
 */
export function eraseStep(db: DatabaseSync, busyMs: number): EraseOutcome {
  if (bytesOf(db) <= REWRITTEN_BYTES_MAX) db.exec("VACUUM");
  const before = freePagesOf(db);
  if (before > 0n) {
    db.exec(`PRAGMA incremental_vacuum(${PAGES_MAX})`);
    const after = freePagesOf(db);
    // A file of an older version keeps its free pages for what comes.
    if (after > 0n && after < before) return "more";
  }
  // Whoever reads is not waited for: writes would wait too.
  db.exec("PRAGMA busy_timeout = 0");
  try {
    return integerIn(db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() ?? {}, "busy") === 0n ? "done" : "busy";
  } finally {
    db.exec(`PRAGMA busy_timeout = ${busyMs}`);
  }
}

/** Files of older versions have larger pages. */
function bytesOf(db: DatabaseSync): bigint {
  const pages = integerIn(db.prepare("PRAGMA page_count").get() ?? {}, "page_count");
  return pages * integerIn(db.prepare("PRAGMA page_size").get() ?? {}, "page_size");
}

function freePagesOf(db: DatabaseSync): bigint {
  return integerIn(db.prepare("PRAGMA freelist_count").get() ?? {}, "freelist_count");
}
