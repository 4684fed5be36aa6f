import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { RecordToWrite } from "../../core/record-to-write.ts";
import type { SpanBatch } from "../../core/span-row.ts";
import type { StoreObserver, TraceStore } from "../trace-store.ts";
import { addUp } from "./add-up.ts";
import type { Write, WriteOutcome } from "./apply-write.ts";
import { openForwardQueue } from "./forward-queue.ts";
import { openForReading } from "./open-database.ts";
import { openReader } from "./reader.ts";
import { startWriteQueue, type WriteQueueOptions } from "./write-queue.ts";

/** What a write that holds hardly anything takes in memory while it waits, about. */
const EDIT_BYTES = 1000;
/** Totals walk through a file once; what they have read is of no more use. */
const TOTALS_CACHE_BYTES = 2 * 1024 * 1024;
/** What a row of a span takes in memory while it waits, about. */
const ROW_BYTES = 500;
const SEQ_BYTES = 50;
/** For writes of our own, that nobody gives up. */
const NEVER = new AbortController().signal;

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
  // Totals are added up one after the other: they read much, and hold what they read.
  let addingUp = Promise.resolve();
  opened.defer(() => addingUp);
  const owned = opened.move();
  const write = async <Kind extends Write["kind"]>(
    asked: Extract<Write, { kind: Kind }>,
    bytes: number,
    signal: AbortSignal,
  ): Promise<Extract<WriteOutcome, { kind: Kind }>> => {
    const answer = await queue.write(asked, bytes, signal);
    if (!isOfKind(answer, asked.kind)) throw new Error("the writer answered another write");
    return answer;
  };
  const forwards = openForwardQueue(db, reader, async (removal) => {
    const bytes = removal.kind === "items" ? removal.seqs.length * SEQ_BYTES : EDIT_BYTES;
    return (await write({ kind: "forwards", removal }, bytes, NEVER)).removed;
  });
  return {
    async writeRecords(workspace, records, signal) {
      return (await write({ kind: "records", workspace, records }, sumOf(records, bytesOfRecord), signal)).outcomes;
    },
    async writeSpans(workspace, experiment, batches, signal) {
      const bytes = sumOf(batches, bytesOfBatch);
      return (await write({ kind: "spans", workspace, experiment, batches }, bytes, signal)).outcome;
    },
    async claimTrace(workspace, experiment, claim, signal) {
      const bytes = EDIT_BYTES + TraceClaim.encode(claim).finish().byteLength;
      return (await write({ kind: "claim", workspace, experiment, claim }, bytes, signal)).outcome;
    },
    async editTags(workspace, traceId, edits, signal) {
      const bytes = EDIT_BYTES + sumOf(Object.values(edits), (value) => value?.length ?? 0);
      return (await write({ kind: "tags", workspace, traceId, edits }, bytes, signal)).outcome;
    },
    async deleteTraces(workspace, experimentId, which, limit, signal) {
      return (await write({ kind: "deletion", workspace, experimentId, which, limit }, EDIT_BYTES, signal)).outcome;
    },
    async trimTraces(workspace, experimentId, kept, limit, signal) {
      return (await write({ kind: "trim", workspace, experimentId, kept, limit }, EDIT_BYTES, signal)).reasons;
    },
    async writeExperiment(workspace, experiment, signal) {
      return (await write({ kind: "experiment", workspace, experiment }, EDIT_BYTES, signal)).outcome;
    },
    async erase(signal) {
      for (;;) {
        signal.throwIfAborted();
        const outcome = await queue.eraseStep();
        if (outcome !== "more") return outcome === "done";
      }
    },
    getTraceInfos: async (workspace, traceIds) => reader.infos(workspace, traceIds),
    getTrace: async (workspace, traceId, withPayload) => reader.trace(workspace, traceId, withPayload),
    searchTraces: async (...asked) => reader.search(...asked),
    changes: async (...asked) => reader.changes(...asked),
    listTwins: async (...asked) => reader.twins(...asked),
    totals(workspace, request, signal) {
      const answer = addingUp.then(async () => {
        signal.throwIfAborted();
        using own = openForReading(options.path, TOTALS_CACHE_BYTES);
        return await addUp(own, workspace, request, signal);
      });
      addingUp = answer.then(nothing, nothing);
      return answer;
    },
    getExperiment: async (workspace, choice) => reader.experiments.find(workspace, choice),
    listExperiments: async (workspace, limit, after) => reader.experiments.list(workspace, limit, after ?? -1n),
    countPending: async (endedBeforeNs) => reader.pendingTracesBefore(endedBeforeNs),
    forwards,
    condition: () => ({
      ready: queue.ready,
      degraded: queue.degraded,
      pendingTraces: reader.pendingTraces(),
      queuedBytes: queue.queuedBytes,
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function isOfKind<Kind extends Write["kind"]>(
  answer: WriteOutcome,
  kind: Kind,
): answer is Extract<WriteOutcome, { kind: Kind }> {
  return answer.kind === kind;
}
function nothing(): void {}

function bytesOfRecord({ full, payload, mirror }: RecordToWrite): number {
  return bytesOfBatch(full) + (payload?.byteLength ?? 0) + (mirror === undefined ? 0 : bytesOfBatch(mirror.spans));
}

function bytesOfBatch({ rows, bytes }: SpanBatch): number {
  return bytes.byteLength + rows.length * ROW_BYTES;
}

function sumOf<Item>(items: readonly Item[], measure: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + measure(item), 0);
}
