import { Counter, Gauge, type Registry } from "prom-client";
import { Admission, type AdmissionLimits, type ShedReason } from "./admission.ts";

/** What a service takes on, calls and connections. */
export interface LoadLimits extends AdmissionLimits {
  /** How many connections may be open at once. Further ones are closed as they come. */
  readonly connectionsMax: number;
}

/** What a service takes on, as it is counted. Disposing of it ends its measuring. */
export interface ServiceLoad extends Disposable {
  readonly admission: Admission;
  readonly connectionsMax: number;
  /** Counts a connection that was closed since there were too many. */
  connectionRefused(): void;
}

const REASONS: readonly ShedReason[] = ["calls", "event_loop"];

/** Starts to measure it, with its figures under `registry`. `setting`: where the limits are, `gateway.limits`. */
export function startServiceLoad(setting: string, limits: LoadLimits, registry: Registry): ServiceLoad {
  const admission = new Admission(setting, limits);
  const registers = [registry];
  new Gauge({
    name: "twinspan_admitted_calls",
    help: "Calls that were let in and have not ended.",
    registers,
    collect() {
      this.set(admission.calls);
    },
  });
  new Gauge({
    name: "twinspan_event_loop_delay_seconds",
    aggregator: "max",
    help: "How late the process is with everything, on average over the last quarter of a second.",
    registers,
    collect() {
      this.set(admission.delayMs / 1000);
    },
  });
  new Counter({
    name: "twinspan_calls_shed_total",
    help: "Calls turned away before they were read: too many at once (calls), or a process that does not keep up (event_loop).",
    labelNames: ["reason"],
    registers,
    collect() {
      this.reset();
      for (const reason of REASONS) this.inc({ reason }, admission.shed[reason]);
    },
  });
  const refused = new Counter({
    name: "twinspan_connections_refused_total",
    help: "Connections that were closed as they came, since there were too many.",
    registers,
  });
  return {
    admission,
    connectionsMax: limits.connectionsMax,
    connectionRefused: () => refused.inc(),
    [Symbol.dispose]: () => admission[Symbol.dispose](),
  };
}
