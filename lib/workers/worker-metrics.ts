import { Counter, Gauge, type Registry } from "prom-client";

/** What a primary counts. */
export interface WorkerMetrics {
  /** A worker ended by itself. */
  restarted(): void;
  /** A worker could not be started. */
  startFailed(): void;
}

/** Counts workers under the primary's `registry`. `ready`: how many take calls now. */
export function countWorkers(registry: Registry, ready: () => number): WorkerMetrics {
  const registers = [registry];
  new Gauge({
    name: "twinspan_workers",
    help: "Worker processes that take calls, where a service has several.",
    registers,
    collect() {
      this.set(ready());
    },
  });
  const restarts = new Counter({
    name: "twinspan_worker_restarts_total",
    help: "Workers that ended by themselves and were started again.",
    registers,
  });
  const failures = new Counter({
    name: "twinspan_worker_start_failures_total",
    help: "Workers that the system could not start (no process or no memory left); each is tried again.",
    registers,
  });
  return { restarted: () => restarts.inc(), startFailed: () => failures.inc() };
}
