import type { SpanRef } from "../../services/gateway/core/invocation.ts";
import type { Endpoint } from "./world.ts";

/** A call that is to be made up. */
export interface CallPlan {
  readonly atNs: bigint;
  readonly endpoint: Endpoint;
  readonly product: string;
  readonly session: string | undefined;
  readonly user: string | undefined;
  /** The span it is made under, and the experiment that its caller names. Undefined: it has none. */
  readonly callerSpan: SpanRef | undefined;
  readonly experiment: string | undefined;
  /** The longest that its texts are, in characters. */
  readonly askedMax: number;
  readonly answeredMax: number;
}
