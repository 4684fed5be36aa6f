import { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { TraceStore } from "../trace-store.ts";
import type { WholeBatch, WholeTrace } from "../whole-trace.ts";
import type { WriteOutcome } from "./apply-write.ts";
import type { WaitingWrite } from "./read-write.ts";

/** The writes of a store. */
export type QueuedWrites = Pick<
  TraceStore,
  | "writeRecords"
  | "writeSpans"
  | "claimTrace"
  | "editTags"
  | "deleteTraces"
  | "trimTraces"
  | "writeExperiment"
  | "restoreExperiments"
  | "restoreTraces"
>;

/** What a write that holds hardly anything takes in memory while it waits, about. */
export const EDIT_BYTES = 1000;
/** What a row of a span takes in memory while it waits, about. */
const ROW_BYTES = 500;

/** The writes, by the way to their commit. `bytes` is what a write holds in memory. */
export function createQueuedWrites(
  commit: (write: WaitingWrite, bytes: number, signal: AbortSignal) => Promise<WriteOutcome>,
): QueuedWrites {
  const write = async <Kind extends WaitingWrite["kind"]>(
    asked: Extract<WaitingWrite, { kind: Kind }>,
    bytes: number,
    signal: AbortSignal,
  ): Promise<Extract<WriteOutcome, { kind: Kind }>> => {
    const answer = await commit(asked, bytes, signal);
    if (!isOfKind(answer, asked.kind)) throw new Error("the writer answered another write");
    return answer;
  };
  return {
    async writeRecords(serialized, signal) {
      const bytes = sumOf(serialized, ({ byteLength }) => byteLength);
      return (await write({ kind: "records", serialized }, bytes, signal)).outcomes;
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
    async restoreExperiments(experiments, signal) {
      const bytes = EDIT_BYTES * experiments.length;
      return (await write({ kind: "restore_experiments", experiments }, bytes, signal)).conflicts;
    },
    async restoreTraces(traces, signal) {
      await write({ kind: "restore", traces }, sumOf(traces, bytesOfWhole), signal);
    },
  };
}

function isOfKind<Kind extends WaitingWrite["kind"]>(
  answer: WriteOutcome,
  kind: Kind,
): answer is Extract<WriteOutcome, { kind: Kind }> {
  return answer.kind === kind;
}

function bytesOfWhole({ batches, full }: WholeTrace): number {
  return EDIT_BYTES + sumOf(batches, bytesOfBatch) + (full?.payload?.byteLength ?? 0);
}

function bytesOfBatch({ rows, bytes }: Pick<WholeBatch, "rows" | "bytes">): number {
  return bytes.byteLength + rows.length * ROW_BYTES;
}

function sumOf<Item>(items: readonly Item[], measure: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + measure(item), 0);
}
