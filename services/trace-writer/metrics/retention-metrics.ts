import { Counter, Gauge, type Registry } from "prom-client";
import { TRIM_REASONS } from "../core/retention/retention.ts";
import type { RetentionObserver } from "../retention/retention.ts";

/** Counts what retention deletes, and notes when it last looked at everything. */
export function createRetentionMetrics(registry: Registry): RetentionObserver {
  const registers = [registry];
  const deleted = new Counter({
    name: "twinspan_trace_writer_retention_deleted_total",
    help: "Traces that retention has deleted, by the limit that they were beyond: age, count, bytes.",
    labelNames: ["reason"],
    registers,
  });
  const ended = new Gauge({
    name: "twinspan_trace_writer_retention_last_run_timestamp_seconds",
    aggregator: "max",
    help: "When retention last looked at all experiments, in seconds since the Unix epoch. 0: not yet, or nothing has a limit.",
    registers,
  });
  for (const reason of TRIM_REASONS) deleted.inc({ reason }, 0);
  return {
    deleted(reasons) {
      for (const reason of reasons) deleted.inc({ reason });
    },
    ended: () => ended.setToCurrentTime(),
  };
}
