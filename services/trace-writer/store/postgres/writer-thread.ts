import type { ForwardRoutes } from "../../core/forwarding/forward-routes.ts";
import type { WriteOutcome } from "../commit/apply-write.ts";
import type { WaitingWrite } from "../commit/read-write.ts";
import type { Committer } from "../commit/write-queue.ts";
import { startWriterThread } from "../commit/writer-thread.ts";
import { type ConnectionCounts, commitConnectionsOf } from "./database.ts";
import type { RetryReason } from "./failures.ts";
import type { WriterDone, WriterNote, WriterOptions, WriterTask } from "./writer-worker.ts";

/**
 * Who commits to a database, in a thread of its own, over connections of its own. Disposing of it waits for what it was
 * asked, and closes them.
 */
export interface PostgresWriter extends Committer<WaitingWrite, WriteOutcome>, AsyncDisposable {
  /** Why commits fail just now. Undefined: they do not. */
  trouble(): string | undefined;
  /** Removes the tables of past days that are empty. False: some are read just now, and stay. */
  dropEmpty(): Promise<boolean>;
  connections(): Promise<ConnectionCounts>;
  /** Forwards by other routes what is stored from the next commit on. */
  routeBy(routes: ForwardRoutes): void;
}

/** So many commits run at a time at the most. */
const COMMITS_MAX = 4;
const WORDS = "the trace store cannot be written to: is its database there?";

/** Starts the thread, and waits until it has brought the schema up to date. Fails with the reason why it cannot. */
export async function startPostgresWriter(
  { url, password, connectionsMax, statementTimeoutMs, traceSpansMax, routes }: WriterOptions,
  onRetry: (reason: RetryReason) => void,
): Promise<PostgresWriter> {
  let isAway = false;
  const options: WriterOptions = { url, password, connectionsMax, statementTimeoutMs, traceSpansMax, routes };
  const thread = await startWriterThread<WaitingWrite, WriteOutcome, WriterTask, WriterDone, WriterNote>(
    new URL("./writer-worker.ts", import.meta.url),
    options,
    (note) => {
      if (note.kind === "away") isAway = note.isAway;
      else onRetry(note.reason);
    },
  );
  return {
    commitsMax: Math.min(COMMITS_MAX, commitConnectionsOf({ connectionsMax })),
    failureWords: WORDS,
    trouble: () => (isAway ? WORDS : undefined),
    commit: (writes, nowMs) => thread.commit(writes, nowMs),
    async dropEmpty() {
      const done = await thread.ask("drop_empty");
      if (done.kind !== "dropped") throw new Error("the writer did something else");
      return done.isDone;
    },
    async connections() {
      const done = await thread.ask("connections");
      if (done.kind !== "connections") throw new Error("the writer did something else");
      return done.counts;
    },
    routeBy: (routes) => thread.routeBy(routes),
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}
