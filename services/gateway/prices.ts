import type { Config } from "#lib/config/schema.ts";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { costAt, plausibleCostOf } from "./core/price.ts";
import { publicPricesOf } from "./public-prices.ts";

/** The cost of an answer. Undefined: no price is known. */
export type CostOf = (usage: Usage, responseModel: string) => Cost | undefined;

type PriceOptions = Config["endpoints"][number]["models"][number]["price"];

/** How the answers of a model are priced: as the operator says, else by the public price list. */
export function costOfModel(price: PriceOptions, provider: Config["providers"][string]): CostOf {
  const listed = (provider.baseUrl && publicPricesOf(provider.baseUrl)) || (() => undefined);
  const costOf: CostOf = price === undefined ? listed : (usage) => costAt(price, usage);
  return (usage, responseModel) => plausibleCostOf(costOf(usage, responseModel));
}
