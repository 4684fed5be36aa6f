import type { SpanRef } from "../../services/gateway/core/invocation.ts";
import type { Random } from "./random.ts";
import type { Endpoint, Topic } from "./world.ts";

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
  /** What is asked, and answered, in so many tokens. */
  readonly say: Say;
}

/** Makes up what is said. */
export type Say = (random: Random, topic: Topic, part: "asked" | "answered", tokens: number) => string;
