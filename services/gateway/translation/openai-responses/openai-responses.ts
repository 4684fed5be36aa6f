import type { ChatCodec } from "../codec.ts";
import { errorObjectOf } from "../openai-error.ts";
import { encodeAnswer } from "./answer.ts";
import { decodeRequest } from "./request.ts";
import { ResponseStreamEncoder } from "./stream-encoder.ts";

/** OpenAI's responses. */
export const openAiResponsesCodec: ChatCodec = {
  format: "openai-responses",
  kind: "chat",
  fieldNames: {
    prompt: "input",
    maxOutputTokens: "max_output_tokens",
    temperature: "temperature",
    topP: "top_p",
    reasoning: "reasoning",
    responseFormat: "text.format",
    tools: "tools",
    toolChoice: "tool_choice",
  },
  decode: decodeRequest,
  encodeAnswer,
  createStreamEncoder: (names, decoded) => new ResponseStreamEncoder(names, decoded),
  errorObject: errorObjectOf,
};
