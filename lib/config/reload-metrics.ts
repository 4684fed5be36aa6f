import { Counter, Gauge, type Registry } from "prom-client";

/** How reading the configuration again ended: it is in use, or it has faults and the one before stays. */
export type ReloadOutcome = "ok" | "failed";

/** Counts readings of the configuration under `registry`. The one at the start has gone well. */
export function countReloads(registry: Registry): (outcome: ReloadOutcome) => void {
  const registers = [registry];
  const reloads = new Counter({
    name: "twinspan_config_reloads_total",
    help: "Readings of the configuration after the start, by outcome: ok, or failed (the one before stays in use).",
    labelNames: ["outcome"],
    registers,
  });
  const faulty = new Gauge({
    name: "twinspan_config_faulty",
    help: "1 while the file has faults and an earlier configuration is in use, else 0.",
    registers,
    aggregator: "max",
  });
  const loaded = new Gauge({
    name: "twinspan_config_loaded_timestamp_seconds",
    help: "When the configuration in use was read, in seconds since the Unix epoch.",
    registers,
    aggregator: "min",
  });
  for (const outcome of ["ok", "failed"]) reloads.inc({ outcome }, 0);
  loaded.setToCurrentTime();
  return (outcome) => {
    reloads.inc({ outcome });
    faulty.set(outcome === "failed" ? 1 : 0);
    if (outcome === "ok") loaded.setToCurrentTime();
  };
}
