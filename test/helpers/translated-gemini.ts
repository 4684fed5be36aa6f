import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import type { FormatCaller, Read } from "./translated-call.ts";
import { type Json, PNG, QUESTION, SCHEMA } from "./translated-call.ts";

/** A caller who speaks Gemini's content, whose streams are one JSON array that grows. */
export const geminiCaller: FormatCaller = {
  asking(model, { stream, tools, image }) {
    const seen = image ? [{ inlineData: { mimeType: "image/png", data: PNG } }] : [];
    const functionDeclarations = [{ name: "weather", parametersJsonSchema: SCHEMA }];
    const body = {
      contents: [{ role: "user", parts: [{ text: QUESTION }, ...seen] }],
      ...(tools ? { tools: [{ functionDeclarations }] } : {}),
    };
    const dialect = stream ? Dialect.DIALECT_GEMINI_STREAM_GENERATE_CONTENT : Dialect.DIALECT_GEMINI_GENERATE_CONTENT;
    return { model, body: JSON.stringify(body), invocation: { dialect, endpoint: model } };
  },
  read({ body }) {
    const answer: Json = JSON.parse(body || "{}");
    return readChunks(Array.isArray(answer) ? answer : [answer]);
  },
};

function readChunks(chunks: readonly Json[]): Read {
  const parts: Json[] = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  const textOf = (isThought: boolean) =>
    parts
      .filter(({ thought = false }) => thought === isThought)
      .map(({ text = "" }) => text)
      .join("");
  return {
    text: textOf(false),
    reasoning: textOf(true),
    toolCalls: parts.flatMap(({ functionCall }) =>
      functionCall === undefined ? [] : [{ name: functionCall.name, input: functionCall.args }],
    ),
    finish: chunks.at(-1)?.candidates?.[0]?.finishReason,
    error: chunks.find(({ error }) => error !== undefined)?.error.message,
  };
}
