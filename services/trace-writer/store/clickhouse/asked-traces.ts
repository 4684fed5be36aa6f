import type { RecordToWrite } from "../../core/records/record-to-write.ts";
import type { Write } from "../commit/apply-write.ts";
import { PENDING_ID } from "./fact.ts";
import type { ExperimentSize, ListingTable, OldTrace } from "./listing-table.ts";
import type { TraceId } from "./trace-key.ts";

/** What a write that goes by lists needs of them. */
export interface FoundTraces {
  readonly oldest: readonly OldTrace[];
  readonly size: ExperimentSize | undefined;
}

const NOTHING: FoundTraces = { oldest: [], size: undefined };

/** Looks up in lists what a write goes by. */
export async function lookUp(listings: ListingTable, write: Write): Promise<FoundTraces> {
  switch (write.kind) {
    case "deletion": {
      const { workspace, experimentId, which, limit } = write;
      if (which.kind === "ids") return NOTHING;
      return { oldest: await listings.oldest(workspace, experimentId, which.startNsMax, limit), size: undefined };
    }
    case "trim": {
      const { workspace, experimentId = PENDING_ID, limit } = write;
      const [oldest, sizes] = await Promise.all([
        listings.oldest(workspace, experimentId, undefined, limit),
        listings.sizes(workspace, [experimentId]),
      ]);
      return { oldest, size: sizes.get(experimentId) };
    }
    default:
      return NOTHING;
  }
}

/** The traces whose facts a write goes by. */
export function tracesOf(write: Write, found: FoundTraces): readonly TraceId[] {
  switch (write.kind) {
    case "records":
      return write.records.flatMap((read) => (read.kind === "refused" ? [] : halvesOf(read.record)));
    case "restore":
      return write.traces.flatMap((whole) => [whole, ...(whole.full?.mirror === undefined ? [] : [whole.full.mirror])]);
    case "restore_experiments":
      return [];
    default:
      return traceIdsOf(write, found).map((traceId) => ({ workspace: write.workspace, traceId }));
  }
}

function halvesOf({ workspace, full, mirror }: RecordToWrite): readonly TraceId[] {
  const halves = [{ workspace, traceId: full.traceId }];
  return mirror === undefined ? halves : [...halves, { workspace: mirror.workspace, traceId: mirror.spans.traceId }];
}

type OfOneWorkspace = Exclude<Write, { kind: "records" | "restore" | "restore_experiments" }>;

function traceIdsOf(write: OfOneWorkspace, { oldest }: FoundTraces): readonly string[] {
  switch (write.kind) {
    case "spans":
      return write.batches.map(({ traceId }) => traceId);
    case "claim":
      return [write.claim.traceId];
    case "tags":
      return [write.traceId];
    case "deletion":
      return write.which.kind === "ids" ? write.which.traceIds : oldest.map(({ traceId }) => traceId);
    case "trim":
      return oldest.map(({ traceId }) => traceId);
    case "experiment":
      return [];
  }
}
