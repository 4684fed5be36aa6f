import { z } from "zod";
import type { Readiness } from "#lib/service-report.ts";

const readinessSchema = z.object({ ready: z.boolean(), degraded: z.array(z.string()) });

/** Readiness that came from another process. Throws when it is none. */
export function readinessOf(told: unknown): Readiness {
  return readinessSchema.parse(told);
}

/** What a worker says of itself. Undefined: it listens, and does not answer. */
export type ToldReadiness = Readiness | undefined;

/**
 * Whether calls that come now get to a worker that takes them: there is one, and each that listens does. `listening`
 * are what those say; `count` is how many there should be.
 */
export function addedReadiness(listening: readonly ToldReadiness[], count: number): Readiness {
  const degraded = new Set<string>();
  const missing = count - listening.length;
  if (missing > 0) degraded.add(`${missing} of ${count} workers are not running, and are started again`);
  for (const told of listening) {
    if (told === undefined) degraded.add("a worker does not answer");
    for (const words of told?.degraded ?? []) degraded.add(words);
  }
  return { ready: listening.length > 0 && listening.every((told) => told?.ready), degraded: [...degraded] };
}
