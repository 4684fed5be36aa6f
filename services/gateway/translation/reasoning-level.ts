import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";

export type ReasoningLevel = NonNullable<LanguageModelV4CallOptions["reasoning"]>;

/**
 * The level that a budget of reasoning tokens comes to: the interface has no budgets, and a provider that has makes one
 * of the level again. An approximation.
 */
export function reasoningLevelOf(budgetTokens: number): ReasoningLevel {
  if (budgetTokens === 0) return "none";
  if (budgetTokens < 2_048) return "minimal";
  if (budgetTokens < 8_192) return "low";
  if (budgetTokens < 24_576) return "medium";
  return "high";
}
