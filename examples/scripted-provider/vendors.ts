import { anthropicErrorOf, anthropicModelsOf } from "./anthropic/error.ts";
import { readCountTokens, readMessages } from "./anthropic/messages.ts";
import { readGeminiCountTokens } from "./gemini/count-tokens.ts";
import { readBatchEmbed, readEmbed } from "./gemini/embed.ts";
import { googleErrorOf, googleModelsOf } from "./gemini/error.ts";
import { readGenerate, readStreamGenerate } from "./gemini/generate.ts";
import { createChatReader } from "./openai/chat.ts";
import { readCompact } from "./openai/compact.ts";
import { readEmbeddings } from "./openai/embeddings.ts";
import { openAiErrorOf, openAiModelsOf } from "./openai/error.ts";
import { readResponses } from "./openai/responses.ts";
import { chatUsageOf } from "./openai/usage.ts";
import type { Reader, Vendor } from "./wire-format.ts";

const readChat = createChatReader({ reasoningField: "reasoning_content", usageOf: chatUsageOf });

const OPENAI: Omit<Vendor, "prefix" | "base" | "bases" | "routes"> = {
  error: openAiErrorOf,
  models: openAiModelsOf,
  headers: (id) => ({ "x-request-id": `req_${id}`, "openai-version": "2020-10-01", "openai-processing-ms": "1" }),
};

const OPENAI_ROUTES: readonly (readonly [RegExp, Reader])[] = [
  [/^\/chat\/completions$/, readChat],
  [/^\/responses$/, readResponses],
  [/^\/responses\/compact$/, readCompact],
  [/^\/embeddings$/, readEmbeddings],
];

/** Who is played, by the words that twinspan has for them, each under its own prefix. The first whose prefix fits has the request. */
export const VENDORS = {
  anthropic: {
    prefix: "/anthropic",
    base: "/v1",
    bases: /^\/v1(?=\/)/,
    routes: [
      [/^\/messages$/, readMessages],
      [/^\/messages\/count_tokens$/, readCountTokens],
    ],
    error: anthropicErrorOf,
    models: anthropicModelsOf,
    headers: (id) => ({ "request-id": `req_${id}` }),
  },
  gemini: {
    prefix: "/gemini",
    base: "/v1beta",
    bases: /^\/v1(beta|alpha)?(?=\/)/,
    routes: [
      [/^\/models\/(?<model>[^/:]+):generateContent$/, readGenerate],
      [/^\/models\/(?<model>[^/:]+):streamGenerateContent$/, readStreamGenerate],
      [/^\/models\/(?<model>[^/:]+):embedContent$/, readEmbed],
      [/^\/models\/(?<model>[^/:]+):batchEmbedContents$/, readBatchEmbed],
      [/^\/models\/(?<model>[^/:]+):countTokens$/, readGeminiCountTokens],
    ],
    error: googleErrorOf,
    models: googleModelsOf,
    headers: () => ({}),
  },
  // What has no other prefix is for OpenAI: it is the last.
  openai: { ...OPENAI, prefix: "", base: "/v1", bases: /^\/v1(?=\/)/, routes: OPENAI_ROUTES },
} as const satisfies Readonly<Record<string, Vendor>>;

/** Who is played. */
export type VendorName = keyof typeof VENDORS;
