import type { Config } from "#lib/config/schema.ts";
import {
  type ExperimentRetention,
  type RetentionLimits,
  RetentionSource,
} from "#proto/twinspan/trace/v1/experiment.ts";
import type { KeptTraces } from "./retention.ts";

type Retention = Config["traceWriter"]["retention"];
type Limits = Retention["ceiling"];

const DAY_MS = 86_400_000;

/** An experiment, as far as its limits go by it. */
interface Limited {
  readonly name: string;
  /** Undefined: it has no limits of its own. */
  readonly ownRetention?: RetentionLimits | undefined;
}

/** What is kept of each experiment: by its own limits, else by a configuration, and within that one's ceiling. */
export interface KeptByExperiment {
  /** What is kept of an experiment, or undefined: of the pending traces. Undefined: everything. */
  kept(workspace: string, experiment: Limited | undefined, nowMs: number): KeptTraces | undefined;
  /** The limits of an experiment, as its readers are told of them. */
  toldOf(workspace: string, experiment: Limited): ExperimentRetention;
}

/** The limits of experiments under a configuration. */
export function keptByExperimentOf({
  retention,
  experiments,
}: Pick<Config["traceWriter"], "retention" | "experiments">): KeptByExperiment {
  const { ceiling, pending } = retention;
  const keyOf = (workspace: string, name: string) => `${workspace}\n${name}`;
  const named = new Map(
    experiments.flatMap(({ name, workspace, retention: limits }) =>
      limits ? [[keyOf(workspace, name), limits] as const] : [],
    ),
  );
  const configuredOf = (workspace: string, name: string) => {
    const limits = named.get(keyOf(workspace, name));
    return limits === undefined
      ? { source: RetentionSource.RETENTION_SOURCE_ALL, limits: within(retention, ceiling) }
      : { source: RetentionSource.RETENTION_SOURCE_NAME, limits: within(limits, ceiling) };
  };
  const limitsOf = (workspace: string, { name, ownRetention }: Limited) =>
    ownRetention === undefined
      ? configuredOf(workspace, name)
      : { source: RetentionSource.RETENTION_SOURCE_OWN, limits: within(limitsIn(ownRetention), ceiling) };
  return {
    kept(workspace, experiment, nowMs) {
      const limits = experiment === undefined ? pending : limitsOf(workspace, experiment).limits;
      return isLimited(limits) ? keptOf(limits, nowMs) : undefined;
    },
    toldOf(workspace, experiment) {
      const { source, limits } = limitsOf(workspace, experiment);
      return {
        ...messageOf(limits),
        source,
        ceiling: isLimited(ceiling) ? messageOf(ceiling) : undefined,
        configured: messageOf(configuredOf(workspace, experiment.name).limits),
      };
    },
  };
}

/** Of each limit the lower. */
function within(limits: Limits, ceiling: Limits): Limits {
  return {
    ageDaysMax: lower(limits.ageDaysMax, ceiling.ageDaysMax),
    tracesMax: lower(limits.tracesMax, ceiling.tracesMax),
    bytesMax: lower(limits.bytesMax, ceiling.bytesMax),
  };
}

function lower(limit: number | undefined, ceiling: number | undefined): number | undefined {
  return limit === undefined || ceiling === undefined ? (limit ?? ceiling) : Math.min(limit, ceiling);
}

/** In messages 0 is no limit. */
function limitsIn({ ageDaysMax, tracesMax, bytesMax }: RetentionLimits): Limits {
  return {
    ageDaysMax: ageDaysMax || undefined,
    tracesMax: Number(tracesMax) || undefined,
    bytesMax: Number(bytesMax) || undefined,
  };
}

function messageOf({ ageDaysMax = 0, tracesMax = 0, bytesMax = 0 }: Limits): RetentionLimits {
  return { ageDaysMax, tracesMax: BigInt(tracesMax), bytesMax: BigInt(bytesMax) };
}

function isLimited({ ageDaysMax, tracesMax, bytesMax }: Limits): boolean {
  return ageDaysMax !== undefined || tracesMax !== undefined || bytesMax !== undefined;
}

function keptOf({ ageDaysMax, tracesMax, bytesMax }: Limits, nowMs: number): KeptTraces {
  const startNsMin =
    ageDaysMax === undefined ? undefined : BigInt(Math.round(nowMs - ageDaysMax * DAY_MS)) * 1_000_000n;
  return { startNsMin, tracesMax, bytesMax };
}
