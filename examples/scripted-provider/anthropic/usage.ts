import type { Usage } from "../answer.ts";

/** Tokens as Anthropic counts them: those of the cache beside `input_tokens`, not in them. */
export function messageUsageOf({ input, cachedInput, cacheWriteInput, output, reasoning }: Usage) {
  return {
    input_tokens: input - cachedInput - cacheWriteInput,
    cache_creation_input_tokens: cacheWriteInput,
    cache_read_input_tokens: cachedInput,
    cache_creation: { ephemeral_5m_input_tokens: cacheWriteInput, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    ...(reasoning === 0 ? {} : { output_tokens_details: { thinking_tokens: reasoning } }),
    service_tier: "standard",
  };
}
