import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { watchProcess } from "#lib/process-metrics.ts";
import type { RejectReason } from "../core/spans/span-check.ts";
import { STORE_EVENTS, type StoreCondition, type StoreObserver } from "../store/trace-store.ts";

/** What the trace-writer counts. One registry an instance. */
export interface Metrics {
  readonly registry: Registry;
  /** What the store reports. */
  readonly observer: StoreObserver;
  /** A request to write, as it arrived: how many records or spans it held. */
  received(kind: "records" | "spans", items: number): void;
  /** A record that breaks the contract: in which field, as `checkRecord` says it. */
  refused(reason: string): void;
  /** Agents' spans that were not taken. */
  rejected(reason: RejectReason, spans: number): void;
  /** Reads the store's condition, and how many traces nobody claims, whenever metrics are asked for. */
  watch(condition: () => StoreCondition, unclaimedTraces: () => Promise<number>): void;
}

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Agents send their spans when they end, or every few seconds: from at once to an hour. */
const ADOPTION_BUCKETS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const BATCH_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

/** Creates them, all at zero. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  watchProcess(registry, "trace-writer");
  const registers = [registry];
  const requests = new Counter({
    name: "twinspan_trace_writer_requests_total",
    help: "Requests to write, by what they hold.",
    labelNames: ["kind"],
    registers,
  });
  const items = new Counter({
    name: "twinspan_trace_writer_received_total",
    help: "Records and agents' spans received, before any check.",
    labelNames: ["kind"],
    registers,
  });
  const refused = new Counter({
    name: "twinspan_trace_writer_records_refused_total",
    help: "Records refused because they break the contract, by the field that does. The sender's log has the rule.",
    labelNames: ["field"],
    registers,
  });
  const rejected = new Counter({
    name: "twinspan_trace_writer_spans_rejected_total",
    help: "Agents' spans that were not taken, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const events = new Counter({
    name: "twinspan_trace_writer_store_events_total",
    help: "What became of what was written: stored, repeated, conflicting, evicted; traces adopted and moved.",
    labelNames: ["event"],
    registers,
  });
  const commitSeconds = new Histogram({
    name: "twinspan_trace_writer_commit_seconds",
    help: "How long commits take, from the writer's thread's view.",
    buckets: DURATION_BUCKETS,
    registers,
  });
  const commitRequests = new Histogram({
    name: "twinspan_trace_writer_commit_requests",
    help: "How many requests share a commit.",
    buckets: BATCH_BUCKETS,
    registers,
  });
  const adoptionSeconds = new Histogram({
    name: "twinspan_trace_writer_adoption_seconds",
    help: "How long pending traces waited for their owner: from the end of their first mirrored call to the commit that adopted them.",
    buckets: ADOPTION_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: "twinspan_trace_writer_store_errors_total",
    help: "Requests that the store failed, by reason: full (or locked, or broken), queue_full, failed (a bug).",
    labelNames: ["reason"],
    registers,
  });
  for (const event of STORE_EVENTS) events.inc({ event }, 0);
  for (const reason of ["full", "queue_full", "failed"]) errors.inc({ reason }, 0);
  return {
    registry,
    observer: {
      committed(requestsOfCommit, durationMs, count) {
        commitSeconds.observe(durationMs / 1000);
        commitRequests.observe(requestsOfCommit);
        for (const [event, times] of count.events) events.inc({ event }, times);
        for (const waitMs of count.adoptionWaitsMs) adoptionSeconds.observe(waitMs / 1000);
      },
      failed: (reason) => errors.inc({ reason }),
    },
    received(kind, count) {
      requests.inc({ kind });
      items.inc({ kind }, count);
    },
    refused: (reason) => refused.inc({ field: fieldOf(reason) }),
    rejected: (reason, spans) => rejected.inc({ reason }, spans),
    watch(condition, unclaimedTraces) {
      new Gauge({
        name: "twinspan_trace_writer_unclaimed_traces",
        aggregator: "max",
        help: "Of the pending traces, those that nobody has claimed for traceWriter.unclaimedAfterMs. 10,000: that many or more.",
        registers,
        async collect() {
          this.set(await unclaimedTraces());
        },
      });
      new Gauge({
        name: "twinspan_trace_writer_pending_traces",
        aggregator: "max",
        help: "Traces that wait for an owner. 100,000: that many or more.",
        registers,
        collect() {
          this.set(condition().pendingTraces);
        },
      });
      new Gauge({
        name: "twinspan_trace_writer_queue_bytes",
        help: "Bytes of requests that wait for the store.",
        registers,
        collect() {
          this.set(condition().queuedBytes);
        },
      });
    },
  };
}

/** The field at fault without its place in a list, so that there are no more labels than fields in the contract. */
function fieldOf(reason: string): string {
  return reason.slice(0, reason.indexOf(":")).replaceAll(/\[\d+\]/g, "");
}
