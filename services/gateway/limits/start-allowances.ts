import type { Registry } from "prom-client";
import type { Config } from "#lib/config/schema.ts";
import type { Logger } from "#lib/logger.ts";
import type { WorkerLink } from "#lib/workers/worker-link.ts";
import { Allowances } from "./allowances.ts";
import { createLimitMetrics } from "./limit-metrics.ts";
import { MemoryCounters } from "./memory-counters.ts";
import { PrimaryCounters } from "./primary-counters.ts";
import { startRedisCounters } from "./redis-counters.ts";

/** Allowances that count as the configuration says. Disposing of them lets go of Redis. */
export interface RunningAllowances extends AsyncDisposable {
  readonly allowances: Allowances;
}

/**
 * Starts them; those of a worker count at its primary. Redis need not be there: until it is, they do what
 * `limits.redis.whenAway` says.
 */
export function startAllowances(
  { rules, answerTokens, reservedMs, redis }: Config["limits"],
  registry: Registry,
  log: Logger,
  askPrimary?: WorkerLink["askPrimary"],
): RunningAllowances {
  const inMemory = () => (askPrimary === undefined ? new MemoryCounters(Date.now) : new PrimaryCounters(askPrimary));
  const counters = redis === undefined ? inMemory() : startRedisCounters(redis, reservedMs, log);
  const allowances = new Allowances(rules, {
    counters,
    answerTokens,
    whenAway: redis?.whenAway ?? "admit",
    metrics: createLimitMetrics(registry),
    nowMs: Date.now,
  });
  return { allowances, [Symbol.asyncDispose]: () => counters[Symbol.asyncDispose]() };
}
