import type { Experiment, RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import type { TraceClaim } from "#proto/twinspan/trace/v1/trace_claim.ts";
import type { ForwardRoutes } from "../core/forwarding/forward-routes.ts";
import type { KeptTraces, TrimReason } from "../core/retention/retention.ts";
import type { RejectReason } from "../core/spans/span-check.ts";
import type { SpanBatch } from "../core/spans/span-row.ts";
import type { TagEdits } from "../core/traces/trace-tags.ts";
import type { ForwardQueue } from "./forward-queue.ts";
import type { TraceMoves } from "./trace-moves.ts";
import type { ExperimentChoice, TraceReads } from "./trace-reads.ts";

/**
 * Where traces are kept. Every adapter passes the same suite (`test/service/trace-writer/trace-store-suite.ts`).
 *
 * What readers see follows from the set of what was written: writing in another order, again, or in other batches
 * changes no answer. A write that resolves is durable and visible to every read that begins afterwards; one that
 * rejects has left nothing behind. Rejections are ServiceErrors: `unavailable` (full, locked, too much waiting: try
 * again) or the signal's reason.
 */
export interface TraceStore extends TraceReads, TraceMoves, AsyncDisposable {
  /**
   * Stores serialized records (`readRecord`), each with both its halves or not at all; answers in their order. Each
   * half says whose workspace it is in: a mirror joins a trace of its own workspace, whatever there is of that id in
   * another. A record whose full trace is stored already changes nothing. Storing a full trace seals its id: what
   * agents or mirrors had written under it is evicted. The experiment is created when missing.
   */
  writeRecords(records: readonly Uint8Array[], signal: AbortSignal): Promise<RecordOutcome[]>;

  /**
   * Stores agents' spans, all in one step, under an experiment: by id it must exist, by name it is created when
   * missing. A span whose id is taken is settled by `conflictOf`. Spans of sealed traces, those under the id of a
   * mirror's span, and those of a trace that has as many as it may have are counted in the answer and not stored. Only
   * the last depends on the order of arrival: of too many spans those that came first are kept.
   */
  writeSpans(
    workspace: string,
    experiment: ExperimentChoice,
    batches: readonly SpanBatch[],
    signal: AbortSignal,
  ): Promise<SpansOutcome>;

  /**
   * Stores what an agent says of its trace as a whole, under an experiment: by id it must exist, by name it is created
   * when missing. `claim` is canonical (`canonicalClaimOf`). Of two claims of one trace `claimReplaces` settles which
   * counts. A sealed trace takes none, and loses the one it had when it is sealed.
   */
  claimTrace(
    workspace: string,
    experiment: ExperimentChoice,
    claim: TraceClaim,
    signal: AbortSignal,
  ): Promise<ClaimOutcome>;

  /**
   * Edits tags of a trace, sealed or not, all in one step: `null` removes. The one write whose order shows: the last
   * edit of a tag counts. Checked edits only (`checkTagEdit`); a trace keeps at most `EDITED_TAGS_MAX`.
   */
  editTags(workspace: string, traceId: string, edits: TagEdits, signal: AbortSignal): Promise<TagsOutcome>;

  /**
   * Deletes traces that an experiment owns, with all that belongs to them, all in one step: at most `limit`, and fewer
   * where those take long already, but one. Links of other traces to them are gone as well. Ids of other traces are
   * passed over; by time the oldest go first. None were deleted: there are no more.
   */
  deleteTraces(
    workspace: string,
    experimentId: bigint,
    which: TracesToDelete,
    limit: number,
    signal: AbortSignal,
  ): Promise<DeletionOutcome>;

  /**
   * Deletes those of an experiment's oldest traces, or undefined: of the pending ones, that are not to be kept, all in
   * one step: at most `limit`, and fewer where those take long already, but one. Answers why, trace by trace; for none:
   * there are no more. It goes by what is stored, not by what waits to be.
   */
  trimTraces(
    workspace: string,
    experimentId: bigint | undefined,
    kept: KeptTraces,
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly TrimReason[]>;

  /**
   * Leaves nothing on the disk of what was deleted, replaced or evicted, and gives the room back to it, in steps
   * between the writes, as far as the store can: `docs/stores.md` says how far. False: somebody still reads what was
   * there before, so more of it is left than need be. Try again later.
   */
  erase(signal: AbortSignal): Promise<boolean>;

  /** Creates an experiment, or changes one, wholly or not at all. Names are unique in their workspace. */
  writeExperiment(workspace: string, write: ExperimentWrite, signal: AbortSignal): Promise<ExperimentOutcome>;

  /** How many pending traces there are whose last span ended before a moment; no more than 10,000 are counted. */
  countPending(endedBeforeNs: bigint): Promise<number>;

  /** What waits to be forwarded, by the routes that the store was started with, or was given since. */
  readonly forwards: ForwardQueue;

  /** Takes other routes: what is committed from now on is forwarded by them. What waits already stays as it is. */
  routeBy(routes: ForwardRoutes): void;

  /** How the store is, as far as is known without asking it: what is counted may be some seconds old. */
  condition(): StoreCondition;
}

/** What became of a record: `refused`, why it may not be stored (`checkRecord`). */
export type RecordOutcome = StoredRecord | { readonly outcome: "refused"; readonly reason: string };

/** What became of a record that may be stored. */
export interface StoredRecord {
  readonly outcome: "stored" | "already_stored";
  /**
   * What became of its mirror. `conflict`: a span id of it is another mirror's in the same trace, so it was left out:
   * what the gateway wrote is never replaced. Only a gateway whose random ids repeat brings that about.
   */
  readonly mirror: "none" | "stored" | "sealed_trace" | "conflict";
}

/** What became of agents' spans. */
export type SpansOutcome =
  | { readonly kind: "stored"; readonly rejected: ReadonlyMap<RejectReason, number> }
  | { readonly kind: "experiment_not_found" };

/** What became of a claim. */
export type ClaimOutcome = "stored" | "experiment_not_found" | "sealed_trace";

/** What became of an edit of tags. */
export type TagsOutcome = "edited" | "trace_not_found" | "too_many_tags";

/** Which traces of an experiment are deleted: those of these ids, or those that began at a time or earlier. */
export type TracesToDelete =
  | { readonly kind: "ids"; readonly traceIds: readonly string[] }
  | { readonly kind: "until"; readonly startNsMax: bigint };

/** What became of a deletion: how many traces are gone, and whether others of those that were asked for may be left. */
export type DeletionOutcome =
  | { readonly kind: "deleted"; readonly traces: number; readonly isMore: boolean }
  | { readonly kind: "experiment_not_found" };

/** What is done to an experiment. Names are `isExperimentName`. */
export type ExperimentWrite =
  | { readonly kind: "create"; readonly name: string }
  | ({ readonly kind: "update"; readonly id: bigint } & ExperimentChange);

/** What is changed of an experiment. Undefined: it stays as it is. */
export interface ExperimentChange {
  readonly name?: string | undefined;
  /** Limits that are within `RETENTION_BOUNDS`. Null: it has none of its own any more. */
  readonly ownRetention?: RetentionLimits | null | undefined;
}

/** What became of it. */
export type ExperimentOutcome =
  | { readonly kind: "written"; readonly experiment: Experiment }
  | { readonly kind: "name_taken" | "experiment_not_found" };

/** How a store is. */
export interface StoreCondition {
  /** Whether it takes writes at all. */
  readonly ready: boolean;
  /** Why writes fail now, in words. Undefined: they do not. */
  readonly degraded: string | undefined;
  /** How many traces wait for an owner; no more than 100,000 are counted. */
  readonly pendingTraces: number;
  /** How many bytes of requests wait to be committed. */
  readonly queuedBytes: number;
}

/** What a store counts, beside its answers. */
export type StoreEvent = (typeof STORE_EVENTS)[number];
export const STORE_EVENTS = [
  "record_stored",
  "record_repeated",
  "record_conflict",
  "mirror_stored",
  "mirror_in_sealed_trace",
  "mirror_conflict",
  "mirror_experiment_unknown",
  "span_stored",
  "span_repeated",
  "span_conflict",
  "span_evicted",
  "trace_adopted",
  "trace_moved",
  "trace_claimed",
  "trace_deleted",
  "forward_added",
] as const;

/** What a commit came to, beside its answers. */
export interface CommitCount {
  /** How often each happened. */
  readonly events: ReadonlyMap<StoreEvent, number>;
  /** How long each trace that it adopted had waited for its owner, in milliseconds, where that is known. */
  readonly adoptionWaitsMs: readonly number[];
}

/** Hears what a store does. */
export interface StoreObserver {
  /** A commit: how many requests shared it, how long it took, what it came to. */
  committed(requests: number, durationMs: number, count: CommitCount): void;
  /** A commit that failed, or a request that was turned away: `full`, `queue_full`, `failed`. */
  failed(reason: StoreFailure): void;
}

export type StoreFailure = "full" | "queue_full" | "failed";
