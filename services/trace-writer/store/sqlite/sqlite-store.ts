import type { SpanPlace } from "../../core/traces/trace-assembly.ts";
import { createAddedUp } from "../added-up.ts";
import { createQueuedWrites, EDIT_BYTES } from "../commit/queued-writes.ts";
import { createWriteQueue, type WriteQueueOptions } from "../commit/write-queue.ts";
import { createFairTurns } from "../fair-turns.ts";
import type { StoreObserver, TraceStore } from "../trace-store.ts";
import { openAddUp } from "./add-up.ts";
import { openForwardQueue } from "./forward-queue.ts";
import type { Moving } from "./move-into-batches.ts";
import { openForReading } from "./open-database.ts";
import { openReader, type Reader } from "./reader.ts";
import { type RollingWriter, startRollingUp } from "./rolling-up.ts";
import type { Work } from "./turns.ts";
import { startSqliteWriter } from "./writer-thread.ts";
import type { SqliteNote, WriterOptions } from "./writer-worker.ts";

/** Totals walk through a file once; what they have read is of no more use. */
const TOTALS_CACHE_BYTES = 2 * 1024 * 1024;
/** Long searches walk through much, and seldom come back to it. So do traces of thousands of batches. */
const SEARCH_CACHE_BYTES = 4 * 1024 * 1024;
/** What days, and what else was added up, came to is remembered up to so many bytes: of a hundred endpoints some months. */
const ADDED_BYTES_MAX = 64 * 1024 * 1024;
/** What an item that is to be removed takes in memory while it waits, about. */
const SEQ_BYTES = 50;
/** Hours in which nothing has changed for so long are added up, in milliseconds. */
const ROLL_UP_EVERY_MS = 5_000;
/** For writes of our own, that nobody gives up. */
const NEVER = new AbortController().signal;

/** When hours are added up. */
interface RollUpOptions {
  /** As {@link startRollingUp} says. Default: 5,000. */
  readonly rollUpEveryMs?: number;
}

/** Hears what a SQLite store tells of itself. Default: nobody. */
export interface SqliteNotes {
  /** How far a file of an older version is moved, before there is a store. */
  readonly moving?: (moving: Moving) => void;
  /** Why something was not added up, in words: once, until they are others. Totals read rows for it. */
  readonly notAddedUp?: (words: string) => void;
}

/**
 * The store in one SQLite file. One thread writes, with commits that are shared, and adds hours up in between: what
 * that leaves to collect would hold up readers. Reads run on the main thread, over a connection of their own: one takes
 * 0.1 to 0.3 ms, about what a message to another thread and back would. One trace-writer has a file; other processes
 * may read it.
 */
export async function startSqliteStore(
  options: WriterOptions & WriteQueueOptions & RollUpOptions,
  observer: StoreObserver,
  notes: SqliteNotes = {},
): Promise<TraceStore> {
  await using opened = new AsyncDisposableStack();
  const writer = opened.use(await startSqliteWriter(options, (note) => hear(note, notes)));
  const queue = opened.use(createWriteQueue(writer, options, observer));
  const db = openForReading(options.path, options.cacheBytes);
  opened.defer(() => db.close());
  const reader = openReader(db);
  // What takes longer than others may wait for goes on over a connection of its own, one after the other.
  const searching = createFairTurns();
  const searchDb = openForReading(options.path, SEARCH_CACHE_BYTES);
  opened.defer(() => searchDb.close());
  opened.defer(() => searching.idle());
  const searcher = openReader(searchDb);
  const answer = async <Result>(
    workspace: string,
    signal: AbortSignal | undefined,
    workOf: (from: Reader) => Work<Result>,
  ): Promise<Result> => {
    signal?.throwIfAborted();
    const answered = reader.atOnce(workOf(reader));
    if (answered !== undefined) return answered.result;
    return searching.take(workspace, signal, () => searcher.inTurns(workOf(searcher), signal));
  };
  // Totals are added up one after the other: they read much, and hold what they read. Workspaces take turns.
  const addingUp = createFairTurns();
  const totalsDb = openForReading(options.path, TOTALS_CACHE_BYTES);
  opened.defer(() => totalsDb.close());
  opened.defer(() => addingUp.idle());
  const addUp = openAddUp(totalsDb, createAddedUp(ADDED_BYTES_MAX));
  const rollingWriter: RollingWriter = {
    rollUp: async () => (await writer.ask("rollUp")) === "more",
    get isBusy() {
      return queue.queuedBytes > 0;
    },
  };
  opened.use(startRollingUp(options.rollUpEveryMs ?? ROLL_UP_EVERY_MS, rollingWriter));
  const owned = opened.move();
  const writes = createQueuedWrites(async (write, bytes, signal) => {
    const outcome = await queue.write(write, bytes, signal);
    if (outcome.kind === "forwards") throw new Error("the writer answered another write");
    return outcome;
  });
  const readTrace = (
    { workspace, traceId }: { readonly workspace: string; readonly traceId: string },
    withPayload: boolean,
    counts?: (place: SpanPlace) => boolean,
  ) => answer(workspace, undefined, (from) => from.trace(workspace, traceId, withPayload, counts));
  const forwards = openForwardQueue(db, readTrace, async (removal) => {
    const bytes = removal.kind === "items" ? removal.seqs.length * SEQ_BYTES : EDIT_BYTES;
    const outcome = await queue.write({ kind: "forwards", removal }, bytes, NEVER);
    if (outcome.kind !== "forwards") throw new Error("the writer answered another write");
    return outcome.removed;
  });
  return {
    ...writes,
    async erase(signal) {
      for (;;) {
        signal.throwIfAborted();
        const outcome = await writer.ask("erase");
        if (outcome !== "more") return outcome === "done";
      }
    },
    getTraceInfos: async (workspace, traceIds) => reader.infos(workspace, traceIds),
    getTrace: (workspace, traceId, withPayload) => readTrace({ workspace, traceId }, withPayload),
    searchTraces: (workspace, search, limit, after, signal) =>
      answer(workspace, signal, (from) => from.search(workspace, search, limit, after)),
    changes: (workspace, search, since, limit, signal) =>
      answer(workspace, signal, (from) => from.changes(workspace, search, since, limit)),
    listTwins: async (...asked) => reader.twins(...asked),
    totals: (workspace, request, signal) => addingUp.take(workspace, signal, () => addUp(workspace, request, signal)),
    getExperiment: async (workspace, choice) => reader.experiments.find(workspace, choice),
    listExperiments: async (workspace, limit, after) => reader.experiments.list(workspace, limit, after ?? -1n),
    listLimits: async (workspace, limit, after) => reader.experiments.listLimits(workspace, limit, after ?? -1n),
    sizeOfAll: async () => reader.sizeOfAll(),
    dumpExperiments: async (after, limit) => reader.experiments.dump(limit, after ?? -1n),
    dumpTraces: async (...asked) => reader.dump(...asked),
    countPending: async (endedBeforeNs) => reader.pendingTracesBefore(endedBeforeNs),
    forwards,
    routeBy: (routes) => writer.routeBy(routes),
    condition: () => ({
      ready: queue.ready,
      degraded: queue.degraded,
      // Counting takes some milliseconds, and most who ask want to know of the others.
      get pendingTraces() {
        return reader.pendingTraces();
      },
      queuedBytes: queue.queuedBytes,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function hear(note: SqliteNote, { moving, notAddedUp }: SqliteNotes): void {
  switch (note.kind) {
    case "moving":
      moving?.(note.moving);
      return;
    case "notAddedUp":
      notAddedUp?.(note.words);
      return;
  }
}
