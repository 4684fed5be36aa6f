import { isObject } from "#lib/json-value.ts";
import type { Usage } from "#proto/twinspan/trace/v1/usage.ts";
import { usageOf as anthropicUsageOf } from "../dialects/anthropic/facts.ts";
import { usageOf as geminiUsageOf } from "../dialects/gemini/facts.ts";
import { openAiUsageOf } from "../dialects/openai-usage.ts";
import type { ProviderKind } from "../providers/kinds.ts";

/** How what a provider says of its tokens is read where its format is one of ours: as it is for calls that are relayed. */
const READERS: Readonly<Partial<Record<ProviderKind, (usage: unknown) => Usage | undefined>>> = {
  openai: openAiUsageOf,
  "openai-compatible": openAiUsageOf,
  "azure-openai": openAiUsageOf,
  anthropic: anthropicUsageOf,
  gemini: geminiUsageOf,
  "google-vertex": geminiUsageOf,
  groq: openAiUsageOf,
  xai: openAiUsageOf,
  deepseek: openAiUsageOf,
  togetherai: openAiUsageOf,
  fireworks: openAiUsageOf,
  openrouter: openAiUsageOf,
  ollama: openAiUsageOf,
};

/** A usage as a provider wrote it, read. Undefined: it says nothing, or only the package can read it. */
export function rawUsageOf(kind: ProviderKind, usage: unknown): Usage | undefined {
  return READERS[kind]?.(usage);
}

/** Whether a provider says its usage so far before its answer ends, so that it is known of one that is cut. */
export function tellsUsageEarly(kind: ProviderKind): boolean {
  return kind === "anthropic" || kind === "gemini" || kind === "google-vertex";
}

/** The usage so far in a chunk of such a provider's, as it came. Undefined: it has none. */
export function earlyUsageIn(kind: ProviderKind, chunk: unknown): Usage | undefined {
  if (!isObject(chunk) || !tellsUsageEarly(kind)) return undefined;
  if (kind !== "anthropic") return geminiUsageOf(chunk["usageMetadata"]);
  return isObject(chunk["message"]) ? anthropicUsageOf(chunk["message"]["usage"]) : undefined;
}
