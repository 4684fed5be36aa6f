import type { Committer } from "../commit/write-queue.ts";
import { startWriterThread, type WriterThread } from "../commit/writer-thread.ts";
import type { Moving } from "./move-into-batches.ts";
import type { SqliteDone, SqliteOutcome, SqliteTask, SqliteWrite, WriterOptions } from "./writer-worker.ts";

/** The one writer of a file. */
export type SqliteWriter = WriterThread<SqliteWrite, SqliteOutcome, SqliteTask, SqliteDone> &
  Committer<SqliteWrite, SqliteOutcome>;

/**
 * Starts the thread and waits until it has opened the file. `onMoving` hears how far an older file is moved meanwhile.
 * Fails with the reason why it cannot.
 */
export async function startSqliteWriter(
  { path, cacheBytes, traceSpansMax, routes }: WriterOptions,
  onMoving: (moving: Moving) => void,
): Promise<SqliteWriter> {
  const options: WriterOptions = { path, cacheBytes, traceSpansMax, routes };
  const thread = await startWriterThread<SqliteWrite, SqliteOutcome, SqliteTask, SqliteDone, Moving>(
    new URL("./writer-worker.ts", import.meta.url),
    options,
    onMoving,
  );
  return Object.assign(thread, {
    commitsMax: 1,
    failureWords: "the trace store cannot be written to: is its disk full?",
  });
}
