import { createRandom } from "../traffic/random.ts";
import type { BenchCell } from "./bench-run.ts";
import { BATCH_RECORDS_MAX, LINGER_MS } from "./model.ts";
import type { PipelineShape, ServiceName } from "./simulation/pipeline.ts";

/** Cores of the machine that is measured on, which all share: what measures, too. */
const CORES = 2;
/** A commit of SQLite on its disk, beside its records: most of it is one fsync. */
const COMMIT_MS = 2;
/** Further messages of a turn: there is one process of each service, so there are none. */
const MESSAGE_MS = 0;

export type ServiceCosts = Readonly<Record<ServiceName, { readonly callMs: number; readonly turnMs: number }>>;

/** The system that `make bench` measures, to be simulated: one process of each service, on two cores with all else. */
export function benchShapeOf(costs: ServiceCosts, { ownCpuMs }: BenchCell, load: PipelineShape["load"]): PipelineShape {
  const single = ({ callMs, turnMs }: ServiceCosts[ServiceName]) => ({
    copies: 1,
    callMs,
    turnMs,
    messageMs: MESSAGE_MS,
  });
  const random = createRandom(1);
  return {
    ingress: single(costs.ingress),
    gateway: single(costs.gateway),
    traceWriter: single(costs.traceWriter),
    commit: { ms: COMMIT_MS, recordMs: 0 },
    providerMs: 0,
    lingerMs: LINGER_MS,
    batchRecordsMax: BATCH_RECORDS_MAX,
    load,
    cores: CORES,
    others: { generatorMs: ownCpuMs.generator, providerMs: ownCpuMs.provider },
    random: random.next,
  };
}
