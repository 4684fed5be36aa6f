import type { PROVIDER_KINDS } from "#lib/config/sections/provider.ts";
import { VENDORS } from "../../examples/scripted-provider/vendors.ts";

/** What a provider is. */
export type Kind = (typeof PROVIDER_KINDS)[number];

/** A format of requests, as far as providers of some kinds speak it and others are sent a translation. */
export type Spoken = "openai-chat" | "openai-responses" | "anthropic" | "gemini" | "openai-embeddings";

const OPENAI: readonly Kind[] = ["openai", "azure-openai"];
const OPENAI_EMBEDDINGS: readonly Kind[] = [...OPENAI, "openai-compatible", "togetherai", "fireworks", "ollama"];

/** The kinds that speak a format, so that its requests are relayed to them as bytes. */
export const SPEAKERS: Readonly<Record<Spoken, readonly Kind[]>> = {
  "openai-chat": [...OPENAI_EMBEDDINGS, "groq", "xai", "deepseek", "openrouter"],
  "openai-responses": OPENAI,
  anthropic: ["anthropic"],
  gemini: ["gemini"],
  "openai-embeddings": OPENAI_EMBEDDINGS,
};

/** The kinds that embed texts, relayed or translated. */
export const EMBEDDERS: readonly Kind[] = [
  ...OPENAI_EMBEDDINGS,
  "gemini",
  "google-vertex",
  "amazon-bedrock",
  "mistral",
  "cohere",
];

/** The kinds whose format has no word for what is read from a cache. */
export const TELLS_NO_CACHE: readonly Kind[] = ["cohere"];

/** The kinds whose chat completions do not tell their reasoning, so that no translation can. */
export const TELLS_NO_REASONING: readonly Kind[] = ["openai", "azure-openai"];

/** The kinds whose packages cannot read an error in the middle of a stream: to them it is garbage. */
export const TELLS_NO_ERROR: readonly Kind[] = ["mistral", "cohere"];

/** The settings of a provider of a kind, at the scripted provider whose base URL as OpenAI's is `url`. */
export function providerOfKind(kind: Kind, url: string): Readonly<Record<string, unknown>> {
  const vendor = VENDORS[kind === "openai-compatible" ? "openai" : kind];
  const baseUrl = `${new URL(url).origin}${vendor.prefix}${vendor.base}`.replace(/(\/azure\/openai)\/v1$/, "$1");
  const google = kind === "google-vertex" ? { project: "scripted", region: "global" } : {};
  const bedrock = kind === "amazon-bedrock" ? { region: "us-east-1" } : {};
  return { kind, baseUrl, apiKey: "the-key", ...google, ...bedrock };
}
