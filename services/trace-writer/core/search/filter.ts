import type { TraceState } from "#proto/twinspan/trace/v1/trace.ts";

/** What a search asks of a trace: conditions, and how they go together. `parseFilter` makes one of text. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter }
  | Condition;

/** One thing that a trace is asked. */
export type Condition =
  | TimeCondition
  | { readonly kind: "state"; readonly state: TraceState }
  | { readonly kind: "text"; readonly subject: Subject; readonly test: TextTest }
  | { readonly kind: "number"; readonly key: string; readonly comparison: Comparison; readonly value: number };

/** That a time is within `from` ≤ time < `to`, in nanoseconds. Undefined: without a bound. */
export interface TimeCondition {
  readonly kind: "time";
  readonly field: TimeField;
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

/** The earliest start, the latest end, and what is between them. */
export type TimeField = "start" | "end" | "duration";

export type Comparison = "=" | "<" | "<=" | ">" | ">=";

/**
 * What a text is asked of. What has several values, as models and spans have, is asked whether one of them passes.
 * `number` conditions ask the same of spans' attributes.
 */
export type Subject =
  | { readonly of: "trace"; readonly field: "id" | "name" | "text" | "client request" }
  | { readonly of: "facet"; readonly facet: FacetName }
  | { readonly of: "metadata" | "tag" | "span attribute"; readonly key: string }
  | { readonly of: "span"; readonly field: "name" | "type" | "status" };

/** What traces are looked up by. */
export type FacetName = "endpoint" | "model" | "provider" | "caller" | "session" | "user";

/** What a text is asked. `there`: whether there is one at all. */
export type TextTest =
  | { readonly is: "equal"; readonly value: string }
  | { readonly is: "like"; readonly pattern: string; readonly ignoresCase: boolean }
  | { readonly is: "there" };
