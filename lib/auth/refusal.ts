import { ServiceError } from "../service-error.ts";

/** Why a caller is refused, as metrics and logs have it. */
export const REFUSAL_REASONS = ["missing", "unknown", "expired", "role", "endpoint"] as const;

/** Why a caller is refused. */
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** A refusal of who does not say who it is, or cannot prove it. */
export function refusedCredential(
  reason: Exclude<RefusalReason, "role" | "endpoint">,
  message: string,
  cause?: unknown,
): ServiceError {
  return new ServiceError("unauthenticated", message, { metadata: { reason }, cause });
}

/** A refusal of who is known and may not do this. */
export function refusedRight(reason: "role" | "endpoint", message: string): ServiceError {
  return new ServiceError("permission_denied", message, { metadata: { reason } });
}

/** Why an error refuses its caller. Undefined: it is another failure. */
export function refusalReasonOf({ metadata }: ServiceError): RefusalReason | undefined {
  return REFUSAL_REASONS.find((reason) => reason === metadata["reason"]);
}
