import { availableParallelism } from "node:os";
import type { Config } from "#lib/config/schema.ts";
import type { WorkingService } from "./worker-share.ts";

/**
 * How many workers a service has: what its configuration says, or for `auto` one for each processor that this process
 * may use. A trace-writer over SQLite, which has one writer, has one.
 */
export function workerCountOf(config: Config, service: WorkingService): number {
  const { workers } = config[service];
  if (workers !== "auto") return workers;
  return service === "traceWriter" && config.traceWriter.store.use === "sqlite" ? 1 : availableParallelism();
}
