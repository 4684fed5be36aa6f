import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import { VERSION } from "./version.ts";

/** Puts the figures of the process under `registry`: which version it is, and its processor time, memory and event loop. */
export function watchProcess(registry: Registry, service: string): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const info = new Gauge({
    name: "twinspan_build_info",
    help: "1, with what runs: the service, the version of twinspan, and that of Node.",
    labelNames: ["service", "version", "node"],
    registers: [registry],
    aggregator: "first",
  });
  info.set({ service, version: VERSION, node: process.versions.node }, 1);
}
