/** The headers of a request that are part of OpenAI's dialects. */
export const OPENAI_HEADERS = ["idempotency-key", "openai-beta", "openai-organization", "openai-project"];
