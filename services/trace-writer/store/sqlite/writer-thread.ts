import type { Committer } from "../commit/write-queue.ts";
import { startWriterThread, type WriterThread } from "../commit/writer-thread.ts";
import type { SqliteDone, SqliteNote, SqliteOutcome, SqliteTask, SqliteWrite, WriterOptions } from "./writer-worker.ts";

/** The one writer of a file. */
export type SqliteWriter = WriterThread<SqliteWrite, SqliteOutcome, SqliteTask, SqliteDone> &
  Committer<SqliteWrite, SqliteOutcome>;

/**
 * Starts the thread and waits until it has opened the file. `onNote` hears what it tells of itself, also meanwhile.
 * Fails with the reason why it cannot.
 */
export async function startSqliteWriter(
  { path, cacheBytes, traceSpansMax, routes }: WriterOptions,
  onNote: (note: SqliteNote) => void,
): Promise<SqliteWriter> {
  const options: WriterOptions = { path, cacheBytes, traceSpansMax, routes };
  const thread = await startWriterThread<SqliteWrite, SqliteOutcome, SqliteTask, SqliteDone, SqliteNote>(
    new URL("./writer-worker.ts", import.meta.url),
    options,
    onNote,
  );
  return Object.assign(thread, {
    commitsMax: 1,
    failureWords: "the trace store cannot be written to: is its disk full?",
  });
}
