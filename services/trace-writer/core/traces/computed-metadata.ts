import { mlflowCostOf, mlflowUsageOf } from "#lib/spans/usage.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";

/** The metadata of a trace that follows from its tokens and its cost. Undefined: it has none of that key. */
export function computedMetadataOf(usage: Usage | undefined, cost: Cost | undefined) {
  return {
    "mlflow.trace_schema.version": "3",
    "mlflow.trace.tokenUsage": usage && mlflowUsageOf(usage),
    "mlflow.trace.cost": cost && mlflowCostOf(cost),
    "twinspan.usage.estimated": usage?.estimated ? "true" : undefined,
    "twinspan.cost.price_version": cost?.priceVersion,
  };
}

/** The tags that a trace of that name has, unless somebody says otherwise. */
export function usualTagsOf(name: string) {
  return { "mlflow.traceName": name, "mlflow.trace.spansLocation": "TRACKING_STORE" };
}
