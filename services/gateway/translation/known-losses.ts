import type { LanguageModelV4CallOptions, LanguageModelV4Message } from "@ai-sdk/provider";
import type { ProviderKind } from "../providers/kinds.ts";
import type { OptionName } from "./codec.ts";

/**
 * The option of which the package of a kind loses something without a warning. Undefined: none. The test of what
 * packages lose (test/unit/gateway/translation/nothing-lost.test.ts) finds them.
 */
export function knownLossOf(kind: ProviderKind, options: LanguageModelV4CallOptions): OptionName | undefined {
  const { prompt, responseFormat, tools = [] } = options;
  if (!TAKES_BACK_FILES.includes(kind) && prompt.some(hasAnsweredFile)) return "prompt";
  if (kind === "amazon-bedrock" && responseFormat?.type === "json" && responseFormat.schema === undefined) {
    return "responseFormat";
  }
  const isStrict = tools.some((tool) => tool.type === "function" && tool.strict);
  return kind === "cohere" && isStrict ? "tools" : undefined;
}

/** Whose models take back the pictures that they made. */
const TAKES_BACK_FILES: readonly ProviderKind[] = ["gemini", "google-vertex"];

function hasAnsweredFile(message: LanguageModelV4Message): boolean {
  return message.role === "assistant" && message.content.some(({ type }) => type === "file");
}
