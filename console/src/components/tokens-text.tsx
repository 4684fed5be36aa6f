import { countText } from "../format/figures.ts";

/** Tokens in and out, as far as they are known: `41 → 57`; `~` before those that are estimated. */
export function TokensText({
  inputTokens,
  outputTokens,
  estimated,
}: {
  readonly inputTokens?: bigint | undefined;
  readonly outputTokens?: bigint | undefined;
  readonly estimated?: boolean | undefined;
}) {
  if (inputTokens === undefined && outputTokens === undefined) return "";
  const text = (count: bigint | undefined) => (count === undefined ? "?" : countText(count));
  return (
    <span title={estimated ? "Estimated: the provider told no tokens" : "Tokens in → out"}>
      {estimated ? "~" : ""}
      {text(inputTokens)}
      {outputTokens === undefined ? "" : ` → ${text(outputTokens)}`}
    </span>
  );
}
