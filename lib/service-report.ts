import type { Registry } from "prom-client";

/** What a service says of itself when asked. */
export interface Readiness {
  /** Whether it takes calls. */
  readonly ready: boolean;
  /** What is wrong but costs no call, in words ("tracing degraded: …"). Empty: nothing. */
  readonly degraded: readonly string[];
}

/** What operators are told of a service, over all its processes. */
export interface ServiceReport {
  /** Of the metrics' text. */
  readonly contentType: string;
  /** Prometheus's text. */
  metrics(): Promise<string>;
  readiness(): Promise<Readiness>;
}

/** The report of a service that is this process alone. */
export function ownReport(registry: Registry, readiness: () => Readiness | Promise<Readiness>): ServiceReport {
  return {
    contentType: registry.contentType,
    metrics: () => registry.metrics(),
    readiness: async () => readiness(),
  };
}
