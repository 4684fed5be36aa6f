/** Tokens in and out, as far as they are known. */
interface Tokens {
  readonly inputTokens?: bigint | undefined;
  readonly outputTokens?: bigint | undefined;
  /** Whether they are estimated. */
  readonly estimated?: boolean | undefined;
}

/** Tokens as people read them: `41 → 57`, `41` where there is no output to count, and `~41 → 57` where they are estimated. */
export function tokensTextOf({ inputTokens, outputTokens, estimated }: Tokens): string {
  return `${estimated ? "~" : ""}${inputTokens ?? "?"}${outputTokens === undefined ? "" : ` → ${outputTokens}`}`;
}
