import { Counter, Gauge, Registry } from "prom-client";
import { type CellCounter, type CellHistogram, createCellCounter, createCellHistogram } from "#lib/metric-cells.ts";
import { watchProcess } from "#lib/process-metrics.ts";
import type { ContextOutcome } from "#lib/trace-context/propagator.ts";

/** Where a request's duration falls, in seconds: from a refusal to a long stream. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** What the ingress counts. Labels are bounded: routes are patterns, headers come from the allow-list. */
export interface IngressMetrics {
  readonly registry: Registry;
  readonly requests: CellCounter<"route" | "status">;
  readonly durations: CellHistogram<"route">;
  readonly inFlight: Gauge;
  readonly cancelled: Counter<"route">;
  readonly traceContexts: CellCounter<"outcome">;
  readonly droppedHeaders: Counter<"header">;
  readonly refusedBodies: Counter;
  readonly stalled: Counter;
  /** Reads how many bytes of bodies are held whenever metrics are asked for. */
  watchBodies(bodies: { readonly bytes: number }): void;
}

const OUTCOMES: readonly ContextOutcome[] = ["valid", "malformed", "absent"];

/** The metrics of one ingress, in a registry of its own. */
export function createIngressMetrics(): IngressMetrics {
  const registry = new Registry();
  watchProcess(registry, "ingress");
  const registers = [registry];
  const metrics = {
    registry,
    requests: createCellCounter({
      name: "twinspan_ingress_requests_total",
      help: "Requests answered or cut, by route and HTTP status. Status 499: the client hung up before there was one.",
      labelNames: ["route", "status"],
      registers,
    }),
    durations: createCellHistogram({
      name: "twinspan_ingress_request_duration_seconds",
      help: "From a request's head to the last byte of its answer, or the hang-up.",
      labelNames: ["route"],
      buckets: BUCKETS,
      registers,
    }),
    inFlight: new Gauge({
      name: "twinspan_ingress_requests_in_flight",
      help: "Requests whose answer has not ended.",
      registers,
    }),
    cancelled: new Counter({
      name: "twinspan_ingress_requests_cancelled_total",
      help: "Requests whose client hung up before the answer's end.",
      labelNames: ["route"],
      registers,
    }),
    traceContexts: createCellCounter({
      name: "twinspan_trace_context_total",
      help: "Calls by what became of their traceparent: valid, malformed (ignored) or absent.",
      labelNames: ["outcome"],
      registers,
    }),
    droppedHeaders: new Counter({
      name: "twinspan_ingress_header_values_dropped_total",
      help: "Allow-listed headers that were left out because their value is not printable ASCII.",
      labelNames: ["header"],
      registers,
    }),
    refusedBodies: new Counter({
      name: "twinspan_ingress_bodies_refused_total",
      help: "Requests refused because the bodies at hand had reached ingress.limits.bodiesBytesMax.",
      registers,
    }),
    stalled: new Counter({
      name: "twinspan_ingress_stalled_readers_total",
      help: "Answers that were cut since their client took nothing of them for ingress.limits.stallMs.",
      registers,
    }),
    watchBodies: (bodies) =>
      void new Gauge({
        name: "twinspan_ingress_body_bytes",
        help: "Bytes of request bodies that are held, decompressed ones included.",
        registers,
        collect() {
          this.set(bodies.bytes);
        },
      }),
  } satisfies IngressMetrics;
  for (const outcome of OUTCOMES) metrics.traceContexts.inc({ outcome }, 0);
  return metrics;
}
