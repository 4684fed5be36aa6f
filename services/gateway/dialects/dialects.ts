import { Dialect, type Invocation } from "#proto/twinspan/gateway/v1/invocation.ts";
import { anthropicCountTokens } from "./anthropic/count-tokens.ts";
import { anthropicMessages } from "./anthropic/messages.ts";
import type { DialectSupport } from "./dialect.ts";
import { geminiCountTokens } from "./gemini/count-tokens.ts";
import { geminiBatchEmbedContents, geminiEmbedContent } from "./gemini/embed-content.ts";
import { geminiGenerateContent, geminiStreamGenerateContent } from "./gemini/generate-content.ts";
import { mlflowChat, mlflowInvocationsOf } from "./mlflow.ts";
import { openAiChat } from "./openai-chat/openai-chat.ts";
import { openAiEmbeddings } from "./openai-embeddings/openai-embeddings.ts";
import { openAiResponses, openAiResponsesCompact } from "./openai-responses/openai-responses.ts";
import { raw } from "./raw/raw.ts";

/** The dialects that this gateway speaks, by their names in the contract. */
const DIALECTS: ReadonlyMap<Dialect, DialectSupport> = new Map([
  [Dialect.DIALECT_OPENAI_CHAT, openAiChat],
  [Dialect.DIALECT_OPENAI_RESPONSES, openAiResponses],
  [Dialect.DIALECT_OPENAI_RESPONSES_COMPACT, openAiResponsesCompact],
  [Dialect.DIALECT_OPENAI_EMBEDDINGS, openAiEmbeddings],
  [Dialect.DIALECT_ANTHROPIC_MESSAGES, anthropicMessages],
  [Dialect.DIALECT_ANTHROPIC_COUNT_TOKENS, anthropicCountTokens],
  [Dialect.DIALECT_GEMINI_GENERATE_CONTENT, geminiGenerateContent],
  [Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT, geminiStreamGenerateContent],
  [Dialect.DIALECT_GEMINI_EMBED_CONTENT, geminiEmbedContent],
  [Dialect.DIALECT_GEMINI_BATCH_EMBED_CONTENTS, geminiBatchEmbedContents],
  [Dialect.DIALECT_GEMINI_COUNT_TOKENS, geminiCountTokens],
  [Dialect.DIALECT_MLFLOW_CHAT, mlflowChat],
  [Dialect.DIALECT_RAW, raw],
]);

/** The dialect that an invocation is written in. Undefined: not one of this gateway's. */
export function dialectOf(invocation: Invocation): DialectSupport | undefined {
  const { dialect } = invocation;
  return dialect === Dialect.DIALECT_MLFLOW_INVOCATIONS ? mlflowInvocationsOf(invocation) : DIALECTS.get(dialect);
}
