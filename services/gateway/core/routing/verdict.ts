import type { FailureKind } from "../invocation.ts";
import type { Verdict } from "./circuit-breaker.ts";

/**
 * What the end of an attempt says of its provider. A fault is what only the provider can be blamed for. Any other
 * answer of its own shows that it is well, a rate limit included: that asks for patience, and has its own way to say
 * for how long. What ends by the caller or by twinspan says neither.
 */
export function verdictOf(failure: FailureKind | undefined): Verdict {
  switch (failure) {
    case "provider_unavailable":
    case "provider_timeout":
    case "provider_protocol":
      return "fault";
    case undefined:
    case "provider_rejected":
    case "provider_auth":
    case "provider_rate_limited":
      return "well";
    default:
      return "neither";
  }
}
