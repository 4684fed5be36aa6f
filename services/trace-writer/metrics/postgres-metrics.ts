import { Counter, Gauge, type Registry } from "prom-client";
import { RETRY_REASONS } from "../store/postgres/failures.ts";
import type { PostgresObserver } from "../store/postgres/postgres-store.ts";
import type { StoreObserver } from "../store/trace-store.ts";

/** What is counted of a store in PostgreSQL, in the trace-writer's registry. */
export function createPostgresMetrics(registry: Registry): Omit<PostgresObserver, keyof StoreObserver> {
  const registers = [registry];
  const retries = new Counter({
    name: "twinspan_trace_writer_postgres_retries_total",
    help: "Commits that were tried again, by reason: overtaken (another trace-writer was faster), serialization, deadlock, timeout, connection.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of RETRY_REASONS) retries.inc({ reason }, 0);
  return {
    retried: (reason) => retries.inc({ reason }),
    watchConnections(counts) {
      new Gauge({
        name: "twinspan_trace_writer_postgres_connections",
        help: "Connections to PostgreSQL: open, used, and how many wait for one (waiting).",
        labelNames: ["state"],
        registers,
        async collect() {
          for (const [state, count] of Object.entries(await counts())) this.set({ state }, count);
        },
      });
    },
  };
}
