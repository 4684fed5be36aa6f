import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { createNoStreamTap } from "../no-stream.ts";
import { readTokenCount } from "./answer.ts";
import { readCountRequest } from "./request.ts";

/** Anthropic's count of a prompt's tokens (`POST /v1/messages/count_tokens`): the request of a message, never a stream. */
export const anthropicCountTokens: DialectSupport = {
  format: "anthropic-count-tokens",
  requestType: RequestType.REQUEST_TYPE_ANTHROPIC_COUNT_TOKENS,
  messageFormat: "anthropic",
  readRequest: readCountRequest,
  readAnswer: readTokenCount,
  createStreamTap: createNoStreamTap,
};
