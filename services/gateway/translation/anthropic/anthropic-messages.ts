import type { ChatCodec } from "../codec.ts";
import { encodeAnswer } from "./answer.ts";
import { errorObjectOf } from "./error.ts";
import { decodeRequest } from "./request.ts";
import { MessageStreamEncoder } from "./stream-encoder.ts";

/** Anthropic's messages. */
export const anthropicMessagesCodec: ChatCodec = {
  format: "anthropic-messages",
  kind: "chat",
  fieldNames: {
    prompt: "messages",
    maxOutputTokens: "max_tokens",
    temperature: "temperature",
    topP: "top_p",
    topK: "top_k",
    stopSequences: "stop_sequences",
    reasoning: "thinking",
    responseFormat: "output_config.format",
    tools: "tools",
    toolChoice: "tool_choice",
  },
  decode: decodeRequest,
  encodeAnswer,
  createStreamEncoder: (names) => new MessageStreamEncoder(names),
  errorObject: errorObjectOf,
};
