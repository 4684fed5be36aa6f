import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { EventFraming } from "../event-framing.ts";
import { ReadingTap } from "../reading-tap.ts";
import { readAnswer } from "./answer.ts";
import { readRequest } from "./request.ts";
import { OpenAiChatReader } from "./stream-reader.ts";

/** OpenAI's chat completions (`POST /v1/chat/completions`), which many other providers speak too. */
export const openAiChat: DialectSupport = {
  format: "openai-chat",
  requestType: RequestType.REQUEST_TYPE_OPENAI_CHAT,
  messageFormat: "openai",
  readRequest,
  readAnswer,
  createStreamTap: (options) => new ReadingTap(new EventFraming(options.eventBytesMax), new OpenAiChatReader(options)),
};
