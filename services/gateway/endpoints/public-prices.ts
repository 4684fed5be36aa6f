import { readFileSync } from "node:fs";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { z } from "zod";
import type { Cost, Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { nanoUsdOf } from "../core/usage/price.ts";
import type { ProviderKind, ProviderOptions } from "../providers/kinds.ts";
import { createListedModels } from "./listed-models.ts";

/** What the list calls the provider of a kind. Undefined: it has none, or only its base URL can tell. */
const LISTED = {
  openai: "openai",
  "openai-compatible": undefined,
  "azure-openai": "azure",
  anthropic: "anthropic",
  gemini: "google",
  "amazon-bedrock": "aws",
  "google-vertex": "google",
  mistral: "mistral",
  cohere: "cohere",
  groq: "groq",
  xai: "x-ai",
  deepseek: "deepseek",
  togetherai: "together",
  fireworks: "fireworks",
  openrouter: "openrouter",
  ollama: undefined,
} as const satisfies Record<ProviderKind, string | undefined>;

/** Costs at the prices that are listed for a model at that time. Undefined: the list does not have it. */
type ListedCostOf = (usage: Usage, model: string, atNanos: bigint) => Cost | undefined;

/**
 * Costs by the public price list, which comes with its package and is never fetched, for a provider that it knows by
 * its base URL, else by its kind. Undefined: it knows neither.
 */
export function publicPricesOf({ kind, baseUrl }: ProviderOptions): ListedCostOf | undefined {
  const byUrl = baseUrl === undefined ? undefined : findProvider({ providerApiUrl: baseUrl });
  const providerId = byUrl?.id ?? LISTED[kind];
  if (providerId === undefined) return undefined;
  const listedModelOf = createListedModels(providerId);
  return (usage, model, atNanos) => {
    try {
      const provider = listedModelOf(model);
      if (provider === undefined) return undefined;
      const timestamp = new Date(Number(atNanos / 1_000_000n));
      const price = calcPrice(countsOf(usage), model, { provider, timestamp });
      return price === null ? undefined : costOf(price);
    } catch {
      // The list throws on counts that contradict each other, such as more cached tokens than there are: no price is
      // known.
      return undefined;
    }
  };
}

/** `genai-prices/<version>`: the prices are as old as their package. */
const PRICE_VERSION = `genai-prices/${versionOfPackage()}`;

function versionOfPackage(): string {
  const file = new URL("../package.json", import.meta.resolve("@pydantic/genai-prices"));
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}

/** What is neither input nor output is a price for the request itself. */
function costOf(price: { readonly input_price: number; readonly output_price: number; readonly total_price: number }) {
  const inputNanoUsd = nanoUsdOf(price.input_price);
  const outputNanoUsd = nanoUsdOf(price.output_price);
  const requestNanoUsd = nanoUsdOf(price.total_price - price.input_price - price.output_price);
  const totalNanoUsd = inputNanoUsd + outputNanoUsd + requestNanoUsd;
  return { inputNanoUsd, outputNanoUsd, totalNanoUsd, priceVersion: PRICE_VERSION };
}

/** The list's own names. No provider says how much of what it cached is audio: none is taken to be. */
function countsOf(usage: Usage) {
  return {
    input_tokens: Number(usage.inputTokens ?? 0n),
    output_tokens: Number(usage.outputTokens ?? 0n),
    cache_read_tokens: Number(usage.cacheReadInputTokens ?? 0n),
    cache_write_tokens: Number(usage.cacheWriteInputTokens ?? 0n),
    output_reasoning_tokens: Number(usage.reasoningOutputTokens ?? 0n),
    input_audio_tokens: Number(usage.audioInputTokens ?? 0n),
    output_audio_tokens: Number(usage.audioOutputTokens ?? 0n),
    cache_audio_read_tokens: 0,
    cache_audio_write_tokens: 0,
    output_audio_reasoning_tokens: 0,
  };
}
