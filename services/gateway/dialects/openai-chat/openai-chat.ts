import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { readAnswer } from "./answer.ts";
import { readRequest } from "./request.ts";
import { OpenAiChatTap } from "./stream-tap.ts";

/** OpenAI's chat completions (`POST /v1/chat/completions`), which many other providers speak too. */
export const openAiChat: DialectSupport = {
  format: "openai-chat",
  requestType: RequestType.REQUEST_TYPE_OPENAI_CHAT,
  readRequest,
  readAnswer,
  createStreamTap: (options) => new OpenAiChatTap(options),
};
