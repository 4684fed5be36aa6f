import type { ChatFlavour } from "../openai/chat.ts";
import { chatUsageOf } from "../openai/usage.ts";
import { OPENAI } from "./openai.ts";

/** DeepSeek's chat completions: text and reasoning always have both their fields; hits and misses of the cache. */
export const DEEPSEEK: ChatFlavour = {
  ...OPENAI,
  told: (text, reasoning) => ({ content: text ?? null, reasoning_content: reasoning ?? null }),
  usageOf: (usage) => ({
    usage: {
      ...chatUsageOf(usage),
      prompt_cache_hit_tokens: usage.cachedInput,
      prompt_cache_miss_tokens: usage.input - usage.cachedInput,
    },
  }),
  usageIn: "last-chunk",
};
