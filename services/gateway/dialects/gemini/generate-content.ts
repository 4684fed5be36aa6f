import { RequestType } from "#proto/twinspan/trace/v1/mirror.ts";
import type { DialectSupport, StreamTap, StreamTapOptions } from "../dialect.ts";
import { EventFraming } from "../event-framing.ts";
import { createNoStreamTap } from "../no-stream.ts";
import { ReadingTap } from "../reading-tap.ts";
import { readContent } from "./answer.ts";
import { ArrayFraming } from "./array-framing.ts";
import { readRequest } from "./request.ts";
import { streamFormOf } from "./stream-form.ts";
import { ContentReader } from "./stream-reader.ts";

/** Gemini's `models/{endpoint}:generateContent`. */
export const geminiGenerateContent: DialectSupport = {
  format: "gemini-generate-content",
  requestType: RequestType.REQUEST_TYPE_GEMINI_GENERATE_CONTENT,
  messageFormat: "gemini",
  readRequest: (invocation) => readRequest("generateContent", invocation),
  readAnswer: readContent,
  createStreamTap: createNoStreamTap,
};

/** Gemini's `models/{endpoint}:streamGenerateContent`: the same as a stream, of events or of one JSON array. */
export const geminiStreamGenerateContent: DialectSupport = {
  ...geminiGenerateContent,
  format: "gemini-stream-generate-content",
  readRequest: (invocation) => readRequest("streamGenerateContent", invocation),
  createStreamTap,
};

function createStreamTap(options: StreamTapOptions): StreamTap {
  const form = streamFormOf(options.contentType) ?? "events";
  const framing = form === "array" ? new ArrayFraming(options.eventBytesMax) : new EventFraming(options.eventBytesMax);
  return new ReadingTap(framing, new ContentReader(form, options));
}
