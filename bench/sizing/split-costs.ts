import { type BenchRun, cellOf, cpuOf } from "./bench-run.ts";
import { benchShapeOf } from "./bench-shape.ts";
import { simulate } from "./simulation/pipeline.ts";

/** What a call takes of a process, and what each of the two turns takes that it comes in, in milliseconds. */
export interface SplitCosts {
  readonly callMs: number;
  readonly turnMs: number;
}

/** It is settled after three rounds. */
const ROUNDS = 6;
const SIMULATED_MS = 2_000;
const AT_ONCE = 64;
/** Calls share turns at the least so much, where any are shared, and a turn is no more than this part of a call. */
const SHARED_MIN = 1.05;
const TURN_MAX = 3 / 8;

/**
 * Splits what was measured of services that calls pass: one call at a time pays whole turns, 64 at once share them as
 * far as the simulation says that they do, which depends on the split.
 */
export function splitCosts(bench: BenchRun, batchMs: number): Readonly<Record<"ingress" | "gateway", SplitCosts>> {
  const [one, many] = [cellOf(bench, "plain-1", "on-exchange"), cellOf(bench, "plain-64", "on-exchange")];
  const traceWriter = { callMs: cpuOf(many, "trace-writer"), turnMs: batchMs };
  const split = (name: string, shared: number): SplitCosts => {
    const [alone, together] = [cpuOf(one, name), cpuOf(many, name)];
    const paid = 2 * (1 - 1 / Math.max(SHARED_MIN, shared));
    const turnMs = Math.min(Math.max(0, alone - together) / paid, alone * TURN_MAX);
    return { callMs: alone - 2 * turnMs, turnMs };
  };
  let shared = { ingress: AT_ONCE, gateway: AT_ONCE };
  let costs = { ingress: split("ingress", shared.ingress), gateway: split("gateway", shared.gateway) };
  for (let round = 0; round < ROUNDS; round += 1) {
    shared = simulate(benchShapeOf({ ...costs, traceWriter }, many, { callers: AT_ONCE }), SIMULATED_MS).worksPerTurn;
    costs = { ingress: split("ingress", shared.ingress), gateway: split("gateway", shared.gateway) };
  }
  return costs;
}
