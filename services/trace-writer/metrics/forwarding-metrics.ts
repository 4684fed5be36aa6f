import { Counter, Gauge, type Registry } from "prom-client";
import { DROP_REASONS, type ForwardingObserver } from "../forwarding/forwarder.ts";
import type { ForwardQueue } from "../store/forward-queue.ts";

/** Counts what becomes of what is forwarded, by destination, and reads what waits whenever metrics are asked for. */
export function createForwardingMetrics(
  registry: Registry,
  destinations: readonly string[],
  queue: Pick<ForwardQueue, "waiting">,
): ForwardingObserver {
  const registers = [registry];
  const forwarded = new Counter({
    name: "twinspan_forward_spans_total",
    help: "Spans that a destination has taken.",
    labelNames: ["destination"],
    registers,
  });
  const dropped = new Counter({
    name: "twinspan_forward_dropped_spans_total",
    help: "Spans that were not forwarded, by reason: refused, rejected (partial success), gone (replaced or deleted before they were sent, or not to be read), queue_full, unconfigured (their destination is gone).",
    labelNames: ["destination", "reason"],
    registers,
  });
  const retries = new Counter({
    name: "twinspan_forward_retries_total",
    help: "Requests to a destination that failed and are sent again.",
    labelNames: ["destination"],
    registers,
  });
  for (const destination of destinations) {
    forwarded.inc({ destination }, 0);
    retries.inc({ destination }, 0);
    for (const reason of DROP_REASONS) dropped.inc({ destination, reason }, 0);
  }
  new Gauge({
    name: "twinspan_forward_waiting",
    aggregator: "max",
    help: "Traces, and additions to traces, that wait for a destination.",
    labelNames: ["destination"],
    registers,
    async collect() {
      for (const destination of destinations) {
        const { items } = await queue.waiting(destination);
        this.set({ destination }, items);
      }
    },
  });
  new Gauge({
    name: "twinspan_forward_oldest_age_seconds",
    aggregator: "max",
    help: "How long the oldest of what waits for a destination has waited. 0: nothing waits.",
    labelNames: ["destination"],
    registers,
    async collect() {
      for (const destination of destinations) {
        const { oldestMs } = await queue.waiting(destination);
        this.set({ destination }, oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) / 1000);
      }
    },
  });
  return {
    forwarded: (destination, spans) => forwarded.inc({ destination }, spans),
    dropped(destination, reason, spans) {
      if (spans > 0) dropped.inc({ destination, reason }, spans);
    },
    retried: (destination) => retries.inc({ destination }),
  };
}
