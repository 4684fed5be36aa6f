import type { ChatCodec } from "../codec.ts";
import { errorObjectOf } from "../openai-error.ts";
import { encodeAnswer } from "./answer.ts";
import { decode } from "./decode.ts";
import { ChunkEncoder } from "./stream-encoder.ts";

/** OpenAI's chat completions. */
export const openAiChatCodec: ChatCodec = {
  format: "openai-chat",
  kind: "chat",
  fieldNames: {
    prompt: "messages",
    maxOutputTokens: "max_completion_tokens",
    temperature: "temperature",
    topP: "top_p",
    presencePenalty: "presence_penalty",
    frequencyPenalty: "frequency_penalty",
    seed: "seed",
    stopSequences: "stop",
    reasoning: "reasoning_effort",
    responseFormat: "response_format",
    tools: "tools",
    toolChoice: "tool_choice",
  },
  decode,
  encodeAnswer,
  createStreamEncoder: (names, decoded) => new ChunkEncoder(names, decoded),
  errorObject: errorObjectOf,
};
