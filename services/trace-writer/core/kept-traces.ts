import type { Config } from "#lib/config/schema.ts";
import type { ExperimentRetention } from "#proto/twinspan/trace/v1/experiment.ts";
import type { KeptTraces } from "./retention.ts";

type Retention = Config["traceWriter"]["retention"];
type Limits = Retention["pending"];

const DAY_MS = 86_400_000;

/** What is kept of each experiment, by a configuration. */
export interface KeptByExperiment {
  /** Whether there is any limit at all. */
  readonly hasLimits: boolean;
  /** What is kept of an experiment of that name, or undefined: of the pending traces. Undefined: everything. */
  kept(workspace: string, experiment: string | undefined, nowMs: number): KeptTraces | undefined;
  /** The limits of an experiment of that name, as its readers are told of them. */
  toldOf(workspace: string, experiment: string): ExperimentRetention;
}

/** The limits of a configuration. */
export function keptByExperimentOf({
  retention,
  experiments,
}: Pick<Config["traceWriter"], "retention" | "experiments">): KeptByExperiment {
  const keyOf = (workspace: string, experiment: string) => `${workspace}\n${experiment}`;
  const own = new Map(
    experiments.flatMap(({ name, workspace, retention: limits }) =>
      limits ? [[keyOf(workspace, name), limits] as const] : [],
    ),
  );
  const limitsOf = (workspace: string, experiment: string | undefined): Limits =>
    experiment === undefined ? retention.pending : (own.get(keyOf(workspace, experiment)) ?? retention);
  return {
    hasLimits: [retention, retention.pending, ...own.values()].some(isLimited),
    kept(workspace, experiment, nowMs) {
      const limits = limitsOf(workspace, experiment);
      return isLimited(limits) ? keptOf(limits, nowMs) : undefined;
    },
    toldOf(workspace, experiment) {
      const { ageDaysMax = 0, tracesMax = 0, bytesMax = 0 } = limitsOf(workspace, experiment);
      const isOwn = own.has(keyOf(workspace, experiment));
      return { ageDaysMax, tracesMax: BigInt(tracesMax), bytesMax: BigInt(bytesMax), own: isOwn };
    },
  };
}

function isLimited({ ageDaysMax, tracesMax, bytesMax }: Limits): boolean {
  return ageDaysMax !== undefined || tracesMax !== undefined || bytesMax !== undefined;
}

function keptOf({ ageDaysMax, tracesMax, bytesMax }: Limits, nowMs: number): KeptTraces {
  const startNsMin =
    ageDaysMax === undefined ? undefined : BigInt(Math.round(nowMs - ageDaysMax * DAY_MS)) * 1_000_000n;
  return { startNsMin, tracesMax, bytesMax };
}
