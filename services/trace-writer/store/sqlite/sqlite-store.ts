import type { RecordToWrite } from "../../core/record-to-write.ts";
import type { SpanBatch } from "../../core/span-row.ts";
import type { StoreObserver, TraceStore } from "../trace-store.ts";
import { openForReading } from "./open-database.ts";
import { openReader } from "./reader.ts";
import { startWriteQueue, type WriteQueueOptions } from "./write-queue.ts";

/** What a row of a span takes in memory while it waits, about. */
const ROW_BYTES = 500;

/**
 * The store in one SQLite file. One thread writes, with commits that are shared. Reads run on the main thread, over a
 * connection of their own: one takes 0.1 to 0.3 ms, about what a message to another thread and back would. Several
 * processes may share a file; SQLite's lock makes their commits take turns.
 */
export async function startSqliteStore(options: WriteQueueOptions, observer: StoreObserver): Promise<TraceStore> {
  await using opened = new AsyncDisposableStack();
  const queue = opened.use(await startWriteQueue(options, observer));
  const db = openForReading(options.path, options.cacheBytes);
  opened.defer(() => db.close());
  const reader = openReader(db);
  const owned = opened.move();
  return {
    async writeRecords(workspace, records, signal) {
      const write = { kind: "records", workspace, records } as const;
      const answer = await queue.write(write, sumOf(records, bytesOfRecord), signal);
      if (answer.kind !== "records") throw new Error("the writer answered another write");
      return answer.outcomes;
    },
    async writeSpans(workspace, experiment, batches, signal) {
      const write = { kind: "spans", workspace, experiment, batches } as const;
      const answer = await queue.write(write, sumOf(batches, bytesOfBatch), signal);
      if (answer.kind !== "spans") throw new Error("the writer answered another write");
      return answer.outcome;
    },
    getTrace: async (workspace, traceId, withPayload) => reader.trace(workspace, traceId, withPayload),
    searchTraces: async (...asked) => reader.search(...asked),
    listTwins: async (...asked) => reader.twins(...asked),
    getExperiment: async (workspace, choice) => reader.experiments.find(workspace, choice),
    listExperiments: async (workspace, limit, after) => reader.experiments.list(workspace, limit, after ?? -1n),
    condition: () => ({
      ready: queue.ready,
      degraded: queue.degraded,
      pendingTraces: reader.pendingTraces(),
      queuedBytes: queue.queuedBytes,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function bytesOfRecord({ full, payload, mirror }: RecordToWrite): number {
  return bytesOfBatch(full) + (payload?.byteLength ?? 0) + (mirror === undefined ? 0 : bytesOfBatch(mirror.spans));
}

function bytesOfBatch({ rows, bytes }: SpanBatch): number {
  return bytes.byteLength + rows.length * ROW_BYTES;
}

function sumOf<Item>(items: readonly Item[], measure: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + measure(item), 0);
}
