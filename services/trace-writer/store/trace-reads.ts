import type { Experiment, RetentionLimits } from "#proto/twinspan/trace/v1/experiment.ts";
import type { ExperimentRef } from "#proto/twinspan/trace/v1/mirror.ts";
import type { Trace, TraceInfo } from "#proto/twinspan/trace/v1/trace.ts";
import type { Filter } from "../core/search/filter.ts";
import type { TraceKey } from "../core/search/page-token.ts";
import type { TraceOrder } from "../core/search/trace-order.ts";
import type { TotalsPoint, TotalsRequest } from "../core/totals/totals.ts";

/** Names an experiment of a workspace. */
export type ExperimentChoice = NonNullable<ExperimentRef["ref"]>;

/** What a store answers. Every read is of one moment, and follows from the set of what was written. */
export interface TraceReads {
  /** One trace, from one moment. Without payload where `withPayload` is false; then payload is not even read. */
  getTrace(workspace: string, traceId: string, withPayload: boolean): Promise<Trace | undefined>;

  /** Traces by their ids, in the order given, from one moment. Those that do not exist are left out. */
  getTraceInfos(workspace: string, traceIds: readonly string[]): Promise<readonly TraceInfo[]>;

  /**
   * Traces in the order asked for, those that are equal by id, from behind `after` on, at most `limit`. Either those
   * that the experiments own (ids that do not exist are passed over), or those that are pending; of them those that
   * pass the filter, as `matches` says. So that no search takes long, a page looks at some traces only: it may be
   * short, or even empty, where there are more. A long search that waits or goes on ends with the reason of `signal`.
   */
  searchTraces(
    workspace: string,
    search: TraceSearch,
    limit: number,
    after: TraceKey | undefined,
    signal?: AbortSignal,
  ): Promise<TracePage>;

  /**
   * The other twins of a trace by the time of their calls, those of the same nanosecond by id, from behind `after` on,
   * at most `limit`: of a full trace the trace that holds its mirror, of another the full traces of its mirrors. Those
   * in another workspace are left out. Undefined: there is no such trace.
   */
  listTwins(
    workspace: string,
    traceId: string,
    limit: number,
    after: TraceKey | undefined,
  ): Promise<TracePage | undefined>;

  /**
   * Traces of the scope that pass the filter and are new or have changed behind `since`, each once and as it is now, in
   * the order of their changes. A trace that comes into the scope has changed; one that leaves it, or is deleted, is
   * not told of. No more than `limit` are looked at. Without `since`: none, and the position of now. Undefined: `since`
   * is no position of this store. `signal` as in {@link searchTraces}.
   */
  changes(
    workspace: string,
    search: Pick<TraceSearch, "scope" | "filter">,
    since: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<ChangePage | undefined>;

  /**
   * What calls or traces came to, in buckets of time and group by group, from one moment. Rejects with
   * `invalid_request` where there is too much to add up, and with the signal's reason.
   */
  totals(workspace: string, request: TotalsRequest, signal: AbortSignal): Promise<readonly TotalsPoint[]>;

  /** One experiment. */
  getExperiment(workspace: string, choice: ExperimentChoice): Promise<Experiment | undefined>;

  /** Experiments by id, ascending, from behind `after` on, at most `limit`. */
  listExperiments(workspace: string, limit: number, after: bigint | undefined): Promise<readonly Experiment[]>;

  /** The same experiments, with nothing but what retention goes by: so that it costs little to ask again and again. */
  listLimits(workspace: string, limit: number, after: bigint | undefined): Promise<readonly LimitedExperiment[]>;
}

/** What retention goes by. */
export interface LimitedExperiment {
  readonly id: bigint;
  readonly name: string;
  /** Undefined: it has no limits of its own. */
  readonly ownRetention: RetentionLimits | undefined;
}

/** What is searched for. */
export interface TraceSearch {
  readonly scope: TraceScope;
  /** Undefined: all of them. */
  readonly filter: Filter | undefined;
  readonly order: TraceOrder;
}

/** What was found so far. */
export interface TracePage {
  readonly traces: readonly TraceInfo[];
  /** Behind what to go on. Undefined: there are no more. */
  readonly next: TraceKey | undefined;
}

/** What has changed so far. */
export interface ChangePage {
  readonly traces: readonly TraceInfo[];
  /** Behind what to go on: at most 64 letters, digits and dots. */
  readonly position: string;
  /** Whether that is all there is for now. */
  readonly isEnd: boolean;
}

/** Which traces are searched. */
export type TraceScope =
  | { readonly kind: "experiments"; readonly ids: readonly bigint[] }
  | { readonly kind: "pending" };
