import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import type { StoredSize } from "../../core/retention/retention.ts";
import type { ExperimentChange } from "../trace-store.ts";
import type { HeldTrace } from "./held-trace.ts";
import type { Oldest } from "./touched.ts";

/** What a commit holds in memory: all that its writes may read or change, as it is stored, and then as they leave it. */
export interface Held {
  /** By their keys. */
  readonly traces: Map<string, HeldTrace>;
  readonly byRef: Map<bigint, HeldTrace>;
  /** The full traces whose mirrors a trace holds, by the trace's `ref`, in any order. */
  readonly twins: Map<bigint, HeldTwin[]>;
  readonly experiments: HeldExperiments;
  /** The oldest traces that were asked for, by {@link oldestKeyOf}. */
  readonly oldest: ReadonlyMap<string, readonly bigint[]>;
  /** What experiments hold that are trimmed, by {@link sizeKeyOf}. */
  readonly sizes: ReadonlyMap<string, StoredSize>;
  /** Ids that are free to use. */
  readonly refs: bigint[];
  readonly chunkIds: bigint[];
}

/** A full trace, as the trace that holds its mirror knows it. */
export interface HeldTwin {
  readonly ref: bigint;
  readonly traceId: string;
  /** When the call began. */
  readonly startNs: bigint;
}

export interface HeldExperiments {
  readonly byId: Map<bigint, HeldExperiment>;
  /** By workspace and name, joined by a line break. */
  readonly byName: Map<string, HeldExperiment>;
  /** Ids for those that may be created. */
  readonly ids: bigint[];
}

export interface HeldExperiment {
  readonly workspace: string;
  experiment: Experiment;
  /** It is to be created, as it is. */
  readonly isNew: boolean;
  /** It comes from another store, and is to be stored as it is, whether it was there or not. */
  readonly isRestored?: true;
  /** What is to be changed where it is stored. */
  change: ExperimentChange;
}

export function oldestKeyOf(oldest: Oldest): string {
  return oldest.kind === "until"
    ? `until ${oldest.experimentId} ${oldest.startNsMax} ${oldest.limit}`
    : `trim ${sizeKeyOf(oldest.workspace, oldest.experimentId)} ${oldest.limit}`;
}

export function sizeKeyOf(workspace: string, experimentId: bigint | undefined): string {
  return `${workspace}\n${experimentId ?? "pending"}`;
}
