import type { ChatCodec } from "../codec.ts";
import { encodeAnswer } from "./answer.ts";
import { errorObjectOf } from "./error.ts";
import { decodeRequest } from "./request.ts";
import { ContentStreamEncoder } from "./stream-encoder.ts";

/** Gemini's `models/{endpoint}:generateContent`. */
export const geminiGenerateContentCodec: ChatCodec = {
  format: "gemini-generate-content",
  kind: "chat",
  fieldNames: {
    prompt: "contents",
    maxOutputTokens: "generationConfig.maxOutputTokens",
    temperature: "generationConfig.temperature",
    topP: "generationConfig.topP",
    topK: "generationConfig.topK",
    presencePenalty: "generationConfig.presencePenalty",
    frequencyPenalty: "generationConfig.frequencyPenalty",
    seed: "generationConfig.seed",
    stopSequences: "generationConfig.stopSequences",
    reasoning: "generationConfig.thinkingConfig",
    responseFormat: "generationConfig.responseMimeType",
    tools: "tools",
    toolChoice: "toolConfig",
  },
  decode: (invocation) => ({ ...decodeRequest(invocation), streaming: false }),
  encodeAnswer,
  createStreamEncoder: (names, decoded) => new ContentStreamEncoder(names, decoded),
  errorObject: errorObjectOf,
};

/** Gemini's `models/{endpoint}:streamGenerateContent`: the same as a stream, of events where the query asks for them. */
export const geminiStreamGenerateContentCodec: ChatCodec = {
  ...geminiGenerateContentCodec,
  format: "gemini-stream-generate-content",
  decode: (invocation) => {
    const streamsArray = new URLSearchParams(invocation.target?.query).get("alt") !== "sse";
    return { ...decodeRequest(invocation), streaming: true, streamsArray };
  },
};
