import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { ProviderKind } from "../providers/kinds.ts";
import type { OptionName } from "./codec.ts";

/**
 * The option of which the package of a kind loses something without a warning. Undefined: none. The test of what packages
 * lose (test/unit/gateway/translation/nothing-lost.test.ts) finds them.
 */
export function knownLossOf(kind: ProviderKind, options: LanguageModelV4CallOptions): OptionName | undefined {
  const { responseFormat, tools = [] } = options;
  if (kind === "amazon-bedrock" && responseFormat?.type === "json" && responseFormat.schema === undefined) {
    return "responseFormat";
  }
  const isStrict = tools.some((tool) => tool.type === "function" && tool.strict);
  return kind === "cohere" && isStrict ? "tools" : undefined;
}
