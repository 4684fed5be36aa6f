import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { EventFraming } from "../event-framing.ts";
import { ReadingTap } from "../reading-tap.ts";
import { readMessage } from "./answer.ts";
import { readMessageRequest } from "./request.ts";
import { MessageReader } from "./stream-reader.ts";

/** Anthropic's messages (`POST /v1/messages`). */
export const anthropicMessages: DialectSupport = {
  format: "anthropic-messages",
  requestType: RequestType.REQUEST_TYPE_ANTHROPIC_MESSAGES,
  messageFormat: "anthropic",
  readRequest: readMessageRequest,
  readAnswer: readMessage,
  createStreamTap: (options) => new ReadingTap(new EventFraming(options.eventBytesMax), new MessageReader(options)),
};
