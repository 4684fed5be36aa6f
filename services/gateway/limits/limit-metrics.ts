import { Counter, type Registry } from "prom-client";
import type { LimitUnit } from "../core/limits/limit-claims.ts";

/** The figures of limits. Labels are the rules' names and a closed list. */
export interface LimitMetrics {
  /** A call had no room. `calls`: too many at once. */
  refused(limit: string, unit: LimitUnit | "calls"): void;
  /** A call could not be counted, since the counters are away. */
  uncounted(): void;
  /** What a call used could not be counted: what was claimed stands, and in Redis is given back after a while. */
  unsettled(): void;
}

/** Makes them under `registry`. */
export function createLimitMetrics(registry: Registry): LimitMetrics {
  const registers = [registry];
  const refused = new Counter({
    name: "twinspan_limit_refused_total",
    help: "Calls that a rule under limits.rules refused, by what there was no room for (requests, tokens, nanoUsd, calls at once).",
    labelNames: ["limit", "unit"],
    registers,
  });
  const uncounted = new Counter({
    name: "twinspan_limit_uncounted_total",
    help: "Calls that could not be counted, since Redis was away.",
    registers,
  });
  const unsettled = new Counter({
    name: "twinspan_limit_unsettled_total",
    help: "Calls whose usage could not be counted at their end, since Redis was away.",
    registers,
  });
  return {
    refused: (limit, unit) => refused.inc({ limit, unit }),
    uncounted: () => uncounted.inc(),
    unsettled: () => unsettled.inc(),
  };
}
