import type { JsonObject } from "#lib/json-value.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { usageOf as anthropicUsageOf } from "./anthropic/facts.ts";
import { usageOf as geminiUsageOf } from "./gemini/facts.ts";
import { openAiUsageOf } from "./openai-usage.ts";

/** The usage of an answer of which only its shape is known. Undefined: it says none that is told as a known dialect does. */
export function knownUsageOf({ type, usage, usageMetadata }: JsonObject): Usage | undefined {
  if (usageMetadata !== undefined) return geminiUsageOf(usageMetadata);
  return type === "message" ? anthropicUsageOf(usage) : openAiUsageOf(usage);
}
