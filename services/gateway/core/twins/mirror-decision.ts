import type { CallerContext } from "#lib/trace-context/caller-context.ts";
import { SAMPLED } from "#lib/trace-context/traceparent.ts";

/** Whether a call gets a mirror, and if not, why not. */
export type MirrorDecision = "written" | "no_context" | "not_sampled" | "switched_off";

/** Decides it: an endpoint's policy, and what the caller's context asks for (tracing.md §4). */
export function mirrorDecisionOf(
  policy: "sampled" | "always" | "never",
  caller: CallerContext | undefined,
): MirrorDecision {
  if (caller === undefined) return "no_context";
  if (policy === "never") return "switched_off";
  if (policy === "sampled" && (caller.flags & SAMPLED) === 0) return "not_sampled";
  return "written";
}
