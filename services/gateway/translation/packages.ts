import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { EmbeddingModelV4, LanguageModelV4, ProviderV4 } from "@ai-sdk/provider";
import { type ProviderKind, type ProviderOptions, placeOf } from "../providers/kinds.ts";

/** What a package is given. */
export interface PackageSettings {
  readonly options: ProviderOptions;
  /** With the version, without a slash at the end, as the kind's formats have it. */
  readonly baseUrl: string;
  /** Sends its requests, and puts the credentials into them. A package never sees a key, but for one that it signs with. */
  readonly fetch: typeof globalThis.fetch;
}

/** The models that a package makes. Undefined: the provider has none of the sort; it may also say so when it is asked. */
export interface Models {
  readonly chat: ((model: string) => LanguageModelV4) | undefined;
  readonly embedding: ((model: string) => EmbeddingModelV4) | undefined;
}

/** The package that translates for a kind of provider. */
export interface ProviderPackage {
  /** Its name and the version it was tested with, as npm takes them. Undefined: it is always installed. */
  readonly install: string | undefined;
  /** Loads it. Throws what `import` throws when it is not installed. */
  load(): Promise<(settings: PackageSettings) => Models>;
}

/** In the place of a key: without one, packages look for keys in the environment. */
const NO_KEY = "none";

const COMPATIBLE: ProviderPackage = { install: undefined, load: async () => compatibleModels };

/** The package of each kind of provider. */
export const PACKAGES: Readonly<Record<ProviderKind, ProviderPackage>> = {
  openai: {
    install: "@ai-sdk/openai@4.0.118",
    async load() {
      const { createOpenAI } = await import("@ai-sdk/openai");
      return ({ baseUrl, fetch }) => {
        // Its chat completions, not its responses: these have no word for stop sequences, seeds and penalties.
        const provider = createOpenAI({ baseURL: baseUrl, apiKey: NO_KEY, fetch });
        return { chat: provider.chat, embedding: provider.embeddingModel };
      };
    },
  },
  "openai-compatible": COMPATIBLE,
  "azure-openai": {
    install: "@ai-sdk/azure@4.0.85",
    async load() {
      const { createAzure } = await import("@ai-sdk/azure");
      return ({ baseUrl, fetch, options: { apiVersion } }) => {
        const version = apiVersion === undefined ? {} : { apiVersion, useDeploymentBasedUrls: true };
        const baseURL = apiVersion === undefined ? `${baseUrl}/v1` : baseUrl;
        const provider = createAzure({ baseURL, apiKey: NO_KEY, fetch, ...version });
        return { chat: provider.chat, embedding: provider.embeddingModel };
      };
    },
  },
  anthropic: plain("@ai-sdk/anthropic@4.0.105", async () => (await import("@ai-sdk/anthropic")).createAnthropic),
  gemini: plain("@ai-sdk/google@4.0.121", async () => (await import("@ai-sdk/google")).createGoogle),
  "amazon-bedrock": {
    install: "@ai-sdk/amazon-bedrock@5.0.101",
    async load() {
      const { createAmazonBedrock } = await import("@ai-sdk/amazon-bedrock");
      return ({ baseUrl, fetch, options: { region = "", accessKeyId, secretAccessKey, sessionToken } }) => {
        const isSigned = accessKeyId !== undefined && secretAccessKey !== undefined;
        const keys = isSigned ? { apiKey: "", accessKeyId, secretAccessKey } : { apiKey: NO_KEY };
        const token = sessionToken === undefined ? {} : { sessionToken };
        const provider = createAmazonBedrock({ baseURL: baseUrl, region, fetch, ...keys, ...token });
        return { chat: provider.languageModel, embedding: provider.embeddingModel };
      };
    },
  },
  "google-vertex": {
    install: "@ai-sdk/google-vertex@5.0.141",
    async load() {
      const { createGoogleVertex } = await import("@ai-sdk/google-vertex/edge");
      return ({ baseUrl, fetch, options: { project = "", region = "" } }) => {
        // With a key it asks nobody for a token: how the request is authorized is up to `fetch`.
        const provider = createGoogleVertex({ baseURL: baseUrl, apiKey: NO_KEY, project, location: region, fetch });
        return { chat: provider.languageModel, embedding: provider.embeddingModel };
      };
    },
  },
  mistral: plain("@ai-sdk/mistral@4.0.87", async () => (await import("@ai-sdk/mistral")).createMistral),
  cohere: plain("@ai-sdk/cohere@4.0.52", async () => (await import("@ai-sdk/cohere")).createCohere),
  groq: plain("@ai-sdk/groq@4.0.84", async () => (await import("@ai-sdk/groq")).createGroq),
  deepseek: plain("@ai-sdk/deepseek@3.0.56", async () => (await import("@ai-sdk/deepseek")).createDeepSeek),
  fireworks: plain("@ai-sdk/fireworks@3.0.62", async () => (await import("@ai-sdk/fireworks")).createFireworks),
  // Their own packages lose more than this one: what they speak is OpenAI's chat completions.
  xai: COMPATIBLE,
  togetherai: COMPATIBLE,
  openrouter: COMPATIBLE,
  ollama: COMPATIBLE,
};

/** What most packages make their provider with. */
interface PlainSettings {
  readonly baseURL: string;
  readonly apiKey: string;
  readonly fetch: typeof globalThis.fetch;
}

/** A package whose provider has its models where the AI SDK says. */
function plain(
  install: string,
  loadMaker: () => Promise<(settings: PlainSettings) => Pick<ProviderV4, "languageModel" | "embeddingModel">>,
): ProviderPackage {
  return {
    install,
    async load() {
      const create = await loadMaker();
      return ({ baseUrl, fetch }) => {
        const provider = create({ baseURL: baseUrl, apiKey: NO_KEY, fetch });
        return {
          chat: (model) => provider.languageModel(model),
          embedding: (model) => provider.embeddingModel(model),
        };
      };
    },
  };
}

/** Which of OpenAI's formats a provider has is known of its kind, or configured. */
function compatibleModels({ options, baseUrl, fetch }: PackageSettings): Models {
  const provider = createOpenAICompatible({
    name: "openaiCompatible",
    baseURL: baseUrl,
    includeUsage: options.streamUsage,
    supportsStructuredOutputs: true,
    fetch,
  });
  return {
    chat: placeOf(options, "openai-chat") && provider.chatModel,
    embedding: placeOf(options, "openai-embeddings") && provider.embeddingModel,
  };
}
