import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { createNoStreamTap } from "../no-stream.ts";
import { readEmbeddings } from "./answer.ts";
import { readRequest } from "./request.ts";

/** Gemini's `models/{endpoint}:embedContent`. Its answer is never a stream. */
export const geminiEmbedContent: DialectSupport = {
  format: "gemini-embed-content",
  requestType: RequestType.REQUEST_TYPE_GEMINI_EMBED_CONTENT,
  messageFormat: undefined,
  readRequest: (invocation) => readRequest("embedContent", invocation),
  readAnswer: readEmbeddings,
  createStreamTap: createNoStreamTap,
};

/** Gemini's `models/{endpoint}:batchEmbedContents`: many in one call. */
export const geminiBatchEmbedContents: DialectSupport = {
  ...geminiEmbedContent,
  format: "gemini-batch-embed-contents",
  readRequest: (invocation) => readRequest("batchEmbedContents", invocation),
};
