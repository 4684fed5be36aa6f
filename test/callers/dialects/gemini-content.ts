import { expect } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import {
  type ChatCaller,
  CITY,
  type Counts,
  callInBytes,
  eventsIn,
  type Json,
  type Read,
  type Wanted,
} from "./dialect-caller.ts";

/** A caller of Gemini's generateContent; its streams are events. */
export const geminiCaller = geminiCallerOf("alt=sse");

/** The same whose streams are one JSON array that grows. */
export const geminiArrayCaller = geminiCallerOf("");

function geminiCallerOf(query: string): ChatCaller {
  return {
    requestType: "passthrough/model/gemini-generate-content",
    finish: { stop: "STOP", tools: "STOP", length: "MAX_TOKENS" },
    usage: geminiUsageOf,
    refusal: geminiRefusalOf,
    cut: { code: 502, status: "UNAVAILABLE" },
    call(clients, wanted) {
      const { endpoint, stream = false } = wanted;
      const dialect = stream ? Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT : Dialect.DIALECT_GEMINI_GENERATE_CONTENT;
      const body = JSON.stringify(contentOf(wanted));
      const invocation = { dialect, endpoint, target: { method: "", path: "", query: stream ? query : "" } };
      return callInBytes(clients, wanted, { model: endpoint, body, invocation }, (told) => {
        if (!stream || told.head?.status !== 200) return readChunks([JSON.parse(told.body)]);
        return readChunks(query === "" ? JSON.parse(told.body) : eventsIn(told.body));
      });
    },
  };
}

/** Tokens as Gemini counts them: what was cached is part of the prompt, and not said where there was none. */
function geminiUsageOf({ input, output, cached }: Counts): object {
  return {
    promptTokenCount: input,
    candidatesTokenCount: output,
    totalTokenCount: input + output,
    ...(cached === 0 ? {} : { cachedContentTokenCount: cached }),
  };
}

/** A provider's refusal as Google writes it. */
export function geminiRefusalOf(code: number, said: string): object {
  const status = code === 429 ? "RESOURCE_EXHAUSTED" : code < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
  return { code, status, message: expect.stringContaining(said) };
}

function contentOf({ question, tools, image }: Wanted): object {
  const seen = { inlineData: { mimeType: "image/png", data: image } };
  const parts = [{ text: question }, ...(image === undefined ? [] : [seen])];
  const parameters = { type: "OBJECT", properties: { city: { type: "STRING" } }, required: CITY.required };
  return {
    contents: [{ role: "user", parts }],
    ...(tools ? { tools: [{ functionDeclarations: [{ name: "weather", parameters }] }] } : {}),
  };
}

function readChunks(chunks: readonly Json[]): Read {
  const candidates: Json[] = chunks.flatMap(({ candidates: told }) => told ?? []);
  const parts: Json[] = candidates.flatMap(({ content }) => content?.parts ?? []);
  const calls = parts.flatMap(({ functionCall }) => functionCall ?? []);
  return {
    text: textOf(parts.filter(({ thought }) => !thought)),
    reasoning: textOf(parts.filter(({ thought }) => thought)),
    toolCalls: calls.map(({ name, args }) => ({ name, input: args })),
    finish: candidates.findLast(({ finishReason }) => finishReason)?.finishReason,
    usage: chunks.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata,
    error: chunks.find(({ error }) => error)?.error,
  };
}

function textOf(parts: readonly Json[]): string {
  return parts.map(({ text }) => text ?? "").join("");
}
