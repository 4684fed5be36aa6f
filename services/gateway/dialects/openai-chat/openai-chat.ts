import { openAiErrorOf } from "#lib/openai-error.ts";
import type { ServiceError } from "#lib/service-error.ts";
import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { readAnswer } from "./answer.ts";
import { readRequest } from "./request.ts";
import { OpenAiChatTap } from "./stream-tap.ts";

/** OpenAI's chat completions (`POST /v1/chat/completions`), which many other providers speak too. */
export const openAiChat: DialectSupport = {
  requestType: RequestType.REQUEST_TYPE_OPENAI_CHAT,
  path: "/chat/completions",
  readRequest,
  readAnswer,
  createStreamTap: (options) => new OpenAiChatTap(options),
  errorEvent: (error: ServiceError) => Buffer.from(`data: ${JSON.stringify(openAiErrorOf(error))}\n\n`),
};
