import { createHash } from "node:crypto";
import type { Logger } from "#lib/logger.ts";
import type { Outcome } from "../core/invocation.ts";
import { type KeptPayloads, keptPayloadsOf, withheldPayloadsOf } from "../core/payload/kept-payloads.ts";
import type { PayloadPolicy } from "../core/payload/payload-policy.ts";
import { OutOfTime, withinTime } from "./time-budget.ts";

/**
 * What a policy keeps of the payload of a call, in the time that it may take. What cannot be looked at in that time, or
 * at all, is withheld whole: nothing that a rule might have found is ever kept.
 */
export function keepPayloads(outcome: Outcome, policy: PayloadPolicy, log: Logger): KeptPayloads {
  const keep = () => keptPayloadsOf(outcome, policy, sha256);
  if (policy.redactor === undefined && policy.keep !== "preview") return keep();
  try {
    return withinTime(policy.timeMs, keep);
  } catch (error) {
    const isSlow = error instanceof OutOfTime;
    // The name and no more: the message of what a payload brought about may quote it.
    if (!isSlow)
      log.warn({ error: error instanceof Error ? error.name : typeof error }, "payload could not be redacted");
    return withheldPayloadsOf(outcome, policy.keep, isSlow ? "too_slow" : "failed");
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
