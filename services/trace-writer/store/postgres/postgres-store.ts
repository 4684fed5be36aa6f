import { createAddedUp } from "../added-up.ts";
import type { CommitOptions } from "../commit/commit-options.ts";
import { createQueuedWrites } from "../commit/queued-writes.ts";
import { createWriteQueue, type WriteQueueOptions } from "../commit/write-queue.ts";
import { createFairTurns } from "../fair-turns.ts";
import type { StoreObserver, TraceStore } from "../trace-store.ts";
import { addUp } from "./add-up.ts";
import { readChanges } from "./changes.ts";
import { countPendingBefore, startPendingCount } from "./counted.ts";
import { type ConnectionCounts, type DatabaseOptions, openReads } from "./database.ts";
import { dumpExperiments, dumpTraces, sizeOfAll } from "./dump.ts";
import { findExperiment, listExperiments, listLimits } from "./experiment-rows.ts";
import type { RetryReason } from "./failures.ts";
import { createForwardQueue } from "./forward-queue.ts";
import { readInfos, readTrace, readTwins } from "./reader.ts";
import { searchTraces } from "./trace-search.ts";
import { readable } from "./unavailable.ts";
import { startPostgresWriter } from "./writer-thread.ts";

export interface PostgresOptions extends DatabaseOptions, WriteQueueOptions, CommitOptions {}

/** Hears what is particular to this store. */
export interface PostgresObserver extends StoreObserver {
  /** A commit is tried again. */
  retried(reason: RetryReason): void;
  /** Reads how many connections there are, whenever metrics are asked for. */
  watchConnections(counts: () => Promise<ConnectionCounts>): void;
}

/** What hours and days came to is remembered up to so many bytes. */
const ADDED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The store in a PostgreSQL database, which several trace-writers may share. Writes that wait share commits, of which
 * some run at a time, in a thread of their own. Fails with one line that says what to do where the database cannot be
 * used.
 */
export async function startPostgresStore(options: PostgresOptions, observer: PostgresObserver): Promise<TraceStore> {
  await using opened = new AsyncDisposableStack();
  const writer = opened.use(await startPostgresWriter(options, observer.retried).catch(cannotBeUsed));
  const database = opened.use(openReads(options));
  const pending = opened.use(startPendingCount(database.reads));
  const forwards = opened.use(createForwardQueue(database));
  const queue = opened.use(createWriteQueue(writer, options, observer));
  observer.watchConnections(async () => {
    // A writer that has ended has none.
    const writing = await writer.connections().catch(() => NO_CONNECTIONS);
    return sumOf(database.connections(), writing);
  });
  const { reads } = database;
  const atOneMoment = database.readAtOneMoment;
  // Totals are added up one after the other: they read much, over one connection for long. Workspaces take turns.
  const addingUp = createFairTurns();
  const addedUp = createAddedUp(ADDED_BYTES_MAX);
  opened.defer(() => addingUp.idle());
  const owned = opened.move();
  return {
    ...createQueuedWrites((write, bytes, signal) => queue.write(write, bytes, signal)),
    erase: () => writer.dropEmpty(),
    getTrace: (...asked) => readable(() => atOneMoment((connection) => readTrace(connection, ...asked))),
    getTraceInfos: (...asked) => readable(() => readInfos(reads, ...asked)),
    searchTraces: (workspace, search, limit, after, signal) =>
      readable(() => searchTraces(database, workspace, search, limit, after, signal)),
    changes: (workspace, search, since, limit, signal) =>
      readable(() => atOneMoment((connection) => readChanges(connection, workspace, search, since, limit), signal)),
    listTwins: (...asked) => readable(() => atOneMoment((connection) => readTwins(connection, ...asked))),
    totals: (workspace, request, signal) =>
      addingUp.take(workspace, signal, () =>
        readable(() => atOneMoment((connection) => addUp(connection, workspace, request, addedUp, signal))),
      ),
    getExperiment: (...asked) => readable(() => findExperiment(reads, ...asked)),
    listExperiments: (workspace, limit, after) =>
      readable(() => listExperiments(reads, workspace, limit, after ?? -1n)),
    listLimits: (workspace, limit, after) => readable(() => listLimits(reads, workspace, limit, after ?? -1n)),
    sizeOfAll: () => readable(() => sizeOfAll(reads)),
    dumpExperiments: (after, limit) => readable(() => dumpExperiments(reads, after ?? -1n, limit)),
    dumpTraces: (...asked) => readable(() => atOneMoment((connection) => dumpTraces(connection, ...asked))),
    countPending: (endedBeforeNs) => readable(() => countPendingBefore(reads, endedBeforeNs)),
    forwards,
    routeBy: (routes) => writer.routeBy(routes),
    condition: () => ({
      ready: queue.ready,
      degraded: writer.trouble() ?? queue.degraded,
      pendingTraces: pending.get(),
      queuedBytes: queue.queuedBytes,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function cannotBeUsed(cause: Error): never {
  const told = "The database of traceWriter.store.postgres.url cannot be used";
  throw new Error(`${told}: ${cause.message || "nobody answers"}`, { cause });
}

const NO_CONNECTIONS: ConnectionCounts = { open: 0, used: 0, waiting: 0 };

function sumOf(one: ConnectionCounts, other: ConnectionCounts): ConnectionCounts {
  return { open: one.open + other.open, used: one.used + other.used, waiting: one.waiting + other.waiting };
}
