import type { JSONObject, SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { ProviderKind } from "../providers/kinds.ts";
import { untranslatable } from "./untranslatable.ts";

/** What a request may ask that the language-model interface has no place for, though providers have words of their own for it. */
export interface Extras {
  /** Whom the caller asks for, as an id that means nothing outside. */
  readonly userId?: Extra<string>;
  /** That at most one tool is called at a time. */
  readonly singleToolCall?: Extra<true>;
  /** How many tokens it may reason with at the most. */
  readonly reasoningTokensMax?: Extra<number>;
}

/** Something asked, and the field that asks it, in the request's own names. */
export interface Extra<Value> {
  readonly field: string;
  readonly value: Value;
  /** That it changes nothing about the answer, so that a provider which has no word for it may go without. */
  readonly isWish?: true;
}

/** How a kind of provider says the extras. What it has no function for, it has no word for. */
interface Words {
  /** The name under which its package takes options of its own. */
  readonly as: string;
  readonly userId?: (id: string) => JSONObject;
  readonly singleToolCall?: () => JSONObject;
  readonly reasoningTokensMax?: (tokens: number) => JSONObject;
}

const OPENAI: Words = {
  as: "openai",
  userId: (user) => ({ user }),
  singleToolCall: () => ({ parallelToolCalls: false }),
};
/** Packages over `@ai-sdk/openai-compatible` pass on options that they do not know, as they are. */
const COMPATIBLE: Words = {
  as: "openaiCompatible",
  userId: (user) => ({ user }),
  singleToolCall: () => ({ parallel_tool_calls: false }),
};
const GOOGLE: Words = {
  as: "google",
  reasoningTokensMax: (thinkingBudget) => ({ thinkingConfig: { thinkingBudget, includeThoughts: true } }),
};

const WORDS: Readonly<Record<ProviderKind, Words>> = {
  openai: OPENAI,
  "azure-openai": OPENAI,
  "openai-compatible": COMPATIBLE,
  anthropic: {
    as: "anthropic",
    userId: (userId) => ({ metadata: { userId } }),
    singleToolCall: () => ({ disableParallelToolUse: true }),
    reasoningTokensMax: (budgetTokens) => ({ thinking: { type: "enabled", budgetTokens } }),
  },
  gemini: GOOGLE,
  "google-vertex": { ...GOOGLE, as: "googleVertex" },
  "amazon-bedrock": {
    as: "amazonBedrock",
    reasoningTokensMax: (budgetTokens) => ({ reasoningConfig: { type: "enabled", budgetTokens } }),
  },
  mistral: { as: "mistral", singleToolCall: () => ({ parallelToolCalls: false }) },
  cohere: {
    as: "cohere",
    reasoningTokensMax: (tokenBudget) => ({ thinking: { type: "enabled", tokenBudget } }),
  },
  groq: { as: "groq", userId: (user) => ({ user }), singleToolCall: () => ({ parallelToolCalls: false }) },
  xai: COMPATIBLE,
  deepseek: { as: "deepseek" },
  togetherai: COMPATIBLE,
  fireworks: { ...COMPATIBLE, as: "fireworks" },
  openrouter: { ...COMPATIBLE, reasoningTokensMax: (tokens) => ({ reasoning: { max_tokens: tokens } }) },
  ollama: { as: "openaiCompatible" },
};

/**
 * A request's extras as options of the package for a kind of provider. Throws a ServiceError `untranslatable` for one
 * that the kind has no word for.
 */
export function extraOptionsOf(kind: ProviderKind, extras: Extras): SharedV4ProviderOptions {
  const words = WORDS[kind];
  const options: JSONObject = {
    ...optionOf(extras.userId, words.userId),
    ...optionOf(extras.singleToolCall, words.singleToolCall),
    ...optionOf(extras.reasoningTokensMax, words.reasoningTokensMax),
  };
  return Object.keys(options).length === 0 ? {} : { [words.as]: options };
}

function optionOf<Value>(
  extra: Extra<Value> | undefined,
  word: ((value: Value) => JSONObject) | undefined,
): JSONObject | undefined {
  if (extra === undefined || (word === undefined && extra.isWish)) return undefined;
  if (word === undefined) throw untranslatable(extra.field, "the provider has no word for it");
  return word(extra.value);
}
