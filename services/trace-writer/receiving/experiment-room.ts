import { Counter, type Registry } from "prom-client";
import { ServiceError } from "#lib/service-error.ts";
import { DEFAULT_EXPERIMENT } from "../core/experiments/default-experiment.ts";
import type { ExperimentChoice } from "../store/trace-reads.ts";
import type { TraceStore } from "../store/trace-store.ts";

/** Keeps callers from making experiments without end, by naming ever new ones. */
export interface ExperimentRoom {
  /**
   * Whether a caller may write to an experiment that it names: it is there, or it may be made. Whoever asks is taken to
   * make it. Of `Default` it always holds, and of ids, which make none.
   */
  admits(workspace: string, choice: ExperimentChoice): Promise<boolean>;
}

/** So long a count is believed, in milliseconds: other trace-writers may have made some meanwhile. */
const COUNTED_MS = 30_000;
const PAGE = 1000;
/** Names that are known to be there; beyond, they are asked for anew. */
const KNOWN_MAX = 10_000;

interface Counted {
  count: number;
  readonly untilMs: number;
}

/** A workspace has room for `experimentsMax`; several trace-writers may go beyond by what they make within half a minute. */
export function createExperimentRoom(
  store: Pick<TraceStore, "getExperiment" | "listLimits">,
  experimentsMax: number,
  registry: Registry,
  nowMs: () => number,
): ExperimentRoom {
  const refused = new Counter({
    name: "twinspan_trace_writer_experiments_refused_total",
    help: "Times that a caller named an experiment that is missing in a workspace that has as many as it may have.",
    registers: [registry],
  });
  const known = new Set<string>();
  const counts = new Map<string, Promise<Counted>>();

  async function counted(workspace: string): Promise<Counted> {
    const last = await counts.get(workspace);
    if (last !== undefined && nowMs() < last.untilMs) return last;
    const counting = countIn(store, workspace, experimentsMax, nowMs() + COUNTED_MS);
    counts.set(workspace, counting);
    counting.catch(() => counts.delete(workspace));
    return counting;
  }

  return {
    async admits(workspace, choice) {
      if (choice.$case === "id" || choice.value === DEFAULT_EXPERIMENT.name) return true;
      const key = `${workspace}\n${choice.value}`;
      if (known.has(key)) return true;
      if ((await store.getExperiment(workspace, choice)) === undefined) {
        const experiments = await counted(workspace);
        if (experiments.count >= experimentsMax) {
          refused.inc();
          return false;
        }
        experiments.count += 1;
      }
      if (known.size >= KNOWN_MAX) known.clear();
      known.add(key);
      return true;
    },
  };
}

/** What is told of one that may not be made. */
export function noRoom(workspace: string): ServiceError {
  return new ServiceError(
    "experiments_full",
    `The workspace ${workspace} has as many experiments as it may have (traceWriter.limits.experimentsMax). Name one that is there.`,
  );
}

/** How many there are; no more are counted than there may be. */
async function countIn(
  store: Pick<TraceStore, "listLimits">,
  workspace: string,
  most: number,
  untilMs: number,
): Promise<Counted> {
  let count = 0;
  for (let after: bigint | undefined; count < most; ) {
    const page = await store.listLimits(workspace, PAGE, after);
    count += page.length;
    after = page.at(-1)?.id;
    if (page.length < PAGE) break;
  }
  return { count, untilMs };
}
