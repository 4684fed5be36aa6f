import type { Coefficients } from "./coefficients.ts";
import { BATCH_RECORDS_MAX, LINGER_MS, type Size } from "./model.ts";
import type { PipelineShape } from "./simulation/pipeline.ts";
import type { Workload } from "./workload.ts";

/** A commit, beside its records, until the store has it: over the network, and on its disk. */
const COMMIT_MS = { sqlite: 2, postgres: 5, clickhouse: 50 } as const;
/** Commits that one server of a store does at once. */
const LANES = 4;
/** What the provider takes: short, since it costs no process anything, and calls under way are to be many enough soon. */
const PROVIDER_MS = 50;

/** The system that the model has for a workload, to be simulated: each process on a core of its own. */
export function fleetShapeOf(load: Workload, size: Size, known: Coefficients, random: () => number): PipelineShape {
  const messageMs = known.messageMs.value;
  const serverMs = known.stores[load.store].serverRecordMs.value;
  const cores = Math.max(1, size.storeCores / (load.busy / 100));
  return {
    ingress: { ...size.ingress, messageMs },
    gateway: { ...size.gateway, messageMs },
    traceWriter: { ...size.traceWriter, messageMs: 0 },
    // Of a server's cores each trace-writer has its part, as far as it has commits at once.
    commit: {
      ms: COMMIT_MS[load.store],
      recordMs: serverMs / Math.max(1, Math.min(LANES, cores / size.traceWriter.copies)),
    },
    providerMs: PROVIDER_MS,
    lingerMs: LINGER_MS,
    batchRecordsMax: BATCH_RECORDS_MAX,
    load: { perSecond: load.rate },
    cores: Number.POSITIVE_INFINITY,
    random,
  };
}
