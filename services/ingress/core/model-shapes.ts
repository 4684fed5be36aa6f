import type { Endpoint } from "#proto/twinspan/gateway/v1/endpoint.ts";

/** How a dialect writes endpoints as its models. */
export interface ModelShape {
  /** One of them. */
  one(endpoint: Endpoint): object;
  /** All of them: there are no pages. */
  list(endpoints: readonly Endpoint[]): object;
}

/** OpenAI's models. `created` is in seconds since the Unix epoch. */
export const openAiModels: ModelShape = {
  one: ({ name, createTimeSeconds }) => ({
    id: name,
    object: "model",
    created: Number(createTimeSeconds),
    owned_by: "twinspan",
  }),
  list: (endpoints) => ({ object: "list", data: endpoints.map(openAiModels.one) }),
};

/** Anthropic's models. What an endpoint cannot know of the models behind it is null. */
export const anthropicModels: ModelShape = {
  one: ({ name, createTimeSeconds }) => ({
    type: "model",
    id: name,
    display_name: name,
    created_at: new Date(Number(createTimeSeconds) * 1000).toISOString(),
    lifecycle: "active",
    capabilities: null,
    deprecated_at: null,
    line: null,
    max_input_tokens: null,
    max_tokens: null,
    retires_at: null,
  }),
  list: (endpoints) => ({
    data: endpoints.map(anthropicModels.one),
    has_more: false,
    first_id: endpoints.at(0)?.name ?? null,
    last_id: endpoints.at(-1)?.name ?? null,
  }),
};

/** Gemini's models. Which methods the models behind an endpoint know is not known here, so all are named. */
export const geminiModels: ModelShape = {
  one: ({ name }) => ({
    name: `models/${name}`,
    version: "1",
    displayName: name,
    supportedGenerationMethods: [
      "generateContent",
      "streamGenerateContent",
      "embedContent",
      "batchEmbedContents",
      "countTokens",
    ],
  }),
  list: (endpoints) => ({ models: endpoints.map(geminiModels.one) }),
};
