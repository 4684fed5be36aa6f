import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport } from "../dialect.ts";
import { EventFraming } from "../event-framing.ts";
import { createNoStreamTap } from "../no-stream.ts";
import { ReadingTap } from "../reading-tap.ts";
import { readCompaction, readResponse } from "./answer.ts";
import { readCompactRequest, readResponseRequest } from "./request.ts";
import { ResponseReader } from "./stream-reader.ts";

/** OpenAI's responses (`POST /v1/responses`). What they refer to from before is the provider's to know. */
export const openAiResponses: DialectSupport = {
  format: "openai-responses",
  requestType: RequestType.REQUEST_TYPE_OPENAI_RESPONSES,
  messageFormat: "openai",
  readRequest: readResponseRequest,
  readAnswer: readResponse,
  createStreamTap: (options) => new ReadingTap(new EventFraming(options.eventBytesMax), new ResponseReader(options)),
};

/** OpenAI's compaction of a conversation (`POST /v1/responses/compact`). It never streams. */
export const openAiResponsesCompact: DialectSupport = {
  format: "openai-responses-compact",
  requestType: RequestType.REQUEST_TYPE_OPENAI_RESPONSES_COMPACT,
  messageFormat: "openai",
  readRequest: readCompactRequest,
  readAnswer: readCompaction,
  createStreamTap: createNoStreamTap,
};
