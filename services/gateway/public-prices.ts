import { calcPrice, findProvider } from "@pydantic/genai-prices";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { nanoUsdOf } from "./core/price.ts";

/**
 * Costs by the public price list, for a provider that is known by its base URL. The list comes with its package and is
 * never fetched. Undefined: no known provider has that URL.
 */
export function publicPricesOf(
  baseUrl: string,
): ((usage: Usage, responseModel: string) => Cost | undefined) | undefined {
  const provider = findProvider({ providerApiUrl: baseUrl });
  if (provider === undefined) return undefined;
  return (usage, responseModel) => {
    try {
      const price = calcPrice(countsOf(usage), responseModel, { provider });
      if (price === null) return undefined;
      return {
        inputNanoUsd: nanoUsdOf(price.input_price),
        outputNanoUsd: nanoUsdOf(price.output_price),
        totalNanoUsd: nanoUsdOf(price.total_price),
      };
    } catch {
      // The list throws on counts that contradict each other, such as more cached tokens than there are: no price is known.
      return undefined;
    }
  };
}

function countsOf(usage: Usage) {
  return {
    input_tokens: Number(usage.inputTokens ?? 0n),
    output_tokens: Number(usage.outputTokens ?? 0n),
    cache_read_tokens: Number(usage.cacheReadInputTokens ?? 0n),
    cache_write_tokens: Number(usage.cacheWriteInputTokens ?? 0n),
  };
}
