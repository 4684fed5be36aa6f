import type { LanguageModelV4Usage } from "@ai-sdk/provider";

/** The tokens of an answer, as OpenTelemetry counts them: input includes cached ones, output includes reasoning. */
export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/** What a provider's package says of usage. What it does not say is 0, since formats must say something. */
export function tokenCountsOf({ inputTokens, outputTokens }: LanguageModelV4Usage): TokenCounts {
  const cacheRead = inputTokens.cacheRead ?? 0;
  const cacheWrite = inputTokens.cacheWrite ?? 0;
  const reasoning = outputTokens.reasoning ?? 0;
  return {
    input: inputTokens.total ?? (inputTokens.noCache ?? 0) + cacheRead + cacheWrite,
    output: outputTokens.total ?? (outputTokens.text ?? 0) + reasoning,
    cacheRead,
    cacheWrite,
    reasoning,
  };
}
