import type { Experiment } from "#proto/twinspan/trace/v1/experiment.ts";
import type { StoredExperiment } from "./experiment-table.ts";
import type { ExperimentSize } from "./listing-table.ts";

/** An experiment as readers are told of it, with what it holds. Undefined: nothing. */
export function experimentMessageOf(experiment: StoredExperiment, size: ExperimentSize | undefined): Experiment {
  const createdMs = Number(experiment.createdMs);
  return {
    id: experiment.id.toString(),
    name: experiment.name,
    createTime: timestampOf(createdMs),
    updateTime: timestampOf(Math.max(createdMs, Number(size?.changedMs ?? 0n))),
    traceCount: size?.traces ?? 0n,
    storedBytes: size?.bytes ?? 0n,
    ownRetention: experiment.ownRetention,
  };
}

function timestampOf(ms: number) {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}
