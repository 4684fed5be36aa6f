import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { createNoStreamTap } from "../no-stream.ts";
import { readTokenCount } from "./answer.ts";
import { readRequest } from "./request.ts";

/** Gemini's `models/{endpoint}:countTokens`. Its answer is never a stream. */
export const geminiCountTokens: DialectSupport = {
  format: "gemini-count-tokens",
  requestType: RequestType.REQUEST_TYPE_GEMINI_COUNT_TOKENS,
  messageFormat: "gemini",
  readRequest: (invocation) => readRequest("countTokens", invocation),
  readAnswer: readTokenCount,
  createStreamTap: createNoStreamTap,
};
