import type { Config } from "#lib/config/schema.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { costAt, plausibleCostOf } from "../core/usage/price.ts";
import type { ProviderOptions } from "../providers/kinds.ts";
import { publicPricesOf } from "./public-prices.ts";

/** The cost of an answer that began at that time. Undefined: no price is known. */
export type CostOf = (usage: Usage | undefined, responseModel: string | undefined, atNanos: bigint) => Cost | undefined;

type ModelOptions = Config["endpoints"][number]["fallbacks"][number];

/** How the answers of a model are priced: as the operator says, else by the public price list. */
export function costOfModel({ model, price }: ModelOptions, provider: ProviderOptions): CostOf {
  if (price !== undefined) return (usage) => plausibleCostOf(costAt(price, usage));
  const listed = publicPricesOf(provider);
  return (usage, responseModel, atNanos) => {
    if (usage === undefined || listed === undefined) return undefined;
    const models = responseModel === undefined ? [model] : [responseModel, model];
    for (const known of models) {
      const cost = plausibleCostOf(listed(usage, known, atNanos));
      if (cost !== undefined) return cost;
    }
    return undefined;
  };
}
