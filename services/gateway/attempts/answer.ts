import type { ServiceError } from "#lib/service-error.ts";
import type { StreamTap } from "../dialects/dialect.ts";
import type { PlannedModel } from "../endpoints/endpoints.ts";
import type { ProviderAnswer } from "../providers/provider.ts";

/** An answer that goes to the caller. */
export type Answer = WholeAnswer | StreamedAnswer;

/** A whole answer: the model's, or the refusal of a provider, which the caller gets as it is. */
export interface WholeAnswer {
  readonly kind: "whole";
  readonly head: ProviderAnswer;
  readonly body: Buffer;
  /** What the refusal is. Undefined: it is no refusal. */
  readonly refusal: ServiceError | undefined;
}

/** A stream that has begun: its first bytes are here, the rest is on the way. */
export interface StreamedAnswer {
  readonly kind: "streamed";
  readonly head: ProviderAnswer;
  readonly first: Buffer;
  readonly tap: StreamTap;
}

/** An attempt without an answer for the caller, ended. */
export interface FailedAnswer {
  readonly kind: "failed";
  readonly planned: PlannedModel;
  readonly error: ServiceError;
  /** The provider's HTTP status. 0: none came. */
  readonly httpStatus: number;
  /** Whether the provider says that the same request cannot succeed. */
  readonly isFinal: boolean;
  /** The provider's own words, where the caller may get them. Undefined: it gets the error. */
  readonly refusal: WholeAnswer | undefined;
}
