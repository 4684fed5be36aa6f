import type { WireFormat } from "../dialects/dialect.ts";
import { anthropicMessagesCodec } from "./anthropic/anthropic-messages.ts";
import type { Codec } from "./codec.ts";
import { geminiBatchEmbedContentsCodec, geminiEmbedContentCodec } from "./gemini/embed-content.ts";
import { geminiGenerateContentCodec, geminiStreamGenerateContentCodec } from "./gemini/generate-content.ts";
import { openAiChatCodec } from "./openai-chat/openai-chat.ts";
import { openAiEmbeddingsCodec } from "./openai-embeddings/openai-embeddings.ts";
import { openAiResponsesCodec } from "./openai-responses/openai-responses.ts";

/** The formats that can be translated, each by its codec. */
const CODECS: readonly Codec[] = [
  openAiChatCodec,
  openAiEmbeddingsCodec,
  openAiResponsesCodec,
  anthropicMessagesCodec,
  geminiGenerateContentCodec,
  geminiStreamGenerateContentCodec,
  geminiEmbedContentCodec,
  geminiBatchEmbedContentsCodec,
];

/** The codec of a format. Undefined: its requests cannot be translated. */
export function codecOf(format: WireFormat): Codec | undefined {
  return CODECS.find((codec) => codec.format === format);
}
