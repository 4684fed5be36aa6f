import { Counter, Gauge, type Registry } from "prom-client";
import type { BreakerState } from "../core/routing/circuit-breaker.ts";
import type { RoutingMemory } from "../routing/routing-memory.ts";

const STATES: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Puts what routing remembers into a registry: it is asked whenever the figures are read. */
export function watchRouting(registry: Registry, routing: RoutingMemory): void {
  const registers = [registry];
  const breakerState = new Gauge({
    name: "twinspan_breaker_state",
    aggregator: "max",
    help: "A provider's circuit breaker: 0 closed, 1 half open (one attempt tries), 2 open (none is made).",
    labelNames: ["provider"],
    registers,
    collect() {
      breakerState.reset();
      for (const { provider, state } of routing.breakers) breakerState.set({ provider }, STATES[state]);
    },
  });
  const openings = new Counter({
    name: "twinspan_breaker_opened_total",
    help: "How often a provider's circuit breaker opened after it had been closed.",
    labelNames: ["provider"],
    registers,
    collect() {
      openings.reset();
      for (const { provider, openings: count } of routing.breakers) openings.inc({ provider }, count);
    },
  });
  const inUse = new Gauge({
    name: "twinspan_concurrency_in_use",
    help: "Calls of an endpoint that have their turn (concurrency.callsMax at the most).",
    labelNames: ["endpoint"],
    registers,
    collect() {
      inUse.reset();
      for (const turnstile of routing.turnstiles) inUse.set({ endpoint: turnstile.endpoint }, turnstile.inUse);
    },
  });
  const waiting = new Gauge({
    name: "twinspan_concurrency_waiting",
    help: "Calls of an endpoint that wait for their turn (concurrency.queueMax at the most).",
    labelNames: ["endpoint"],
    registers,
    collect() {
      waiting.reset();
      for (const turnstile of routing.turnstiles) waiting.set({ endpoint: turnstile.endpoint }, turnstile.waiting);
    },
  });
  const refused = new Counter({
    name: "twinspan_concurrency_refused_total",
    help: "Calls that got no turn: the queue was full, or the turn came too late.",
    labelNames: ["endpoint", "reason"],
    registers,
    collect() {
      refused.reset();
      for (const { endpoint, refused: counts } of routing.turnstiles) {
        refused.inc({ endpoint, reason: "full" }, counts.full);
        refused.inc({ endpoint, reason: "late" }, counts.late);
      }
    },
  });
}
