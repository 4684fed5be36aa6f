import { geminiStreamGenerateContent } from "../../../services/gateway/dialects/gemini/generate-content.ts";
import { watchText } from "./watched-stream.ts";

/** What a stream of events is sent as, and one that is an array. */
export const EVENTS = "text/event-stream";
export const ARRAY = "application/json; charset=utf-8";
/** What every chunk says of the answer as a whole. */
export const HEAD = { modelVersion: "gemini-x", responseId: "r1" };

/** A chunk as an event; `end` is the line end. */
export const eventOf = (chunk: object, end = "\r\n") => `data: ${JSON.stringify(chunk)}${end}${end}`;
/** Chunks as one array, as Gemini sends it: an element after the other, with spaces. */
export const arrayOf = (chunks: readonly object[]) =>
  `[${chunks.map((chunk) => JSON.stringify(chunk, null, 2)).join("\n,\r\n")}\n]\n`;
/** What a chunk says of the tokens so far. */
export const usage = (prompt: number, candidates?: number, also = {}) => ({
  usageMetadata: { promptTokenCount: prompt, candidatesTokenCount: candidates, ...also },
});
/** A chunk of one candidate. */
export const chunk = (parts: readonly object[], also = {}, index?: number) => ({
  candidates: [{ content: { parts, role: "model" }, index, ...also }],
  ...HEAD,
});
/** A chunk of text. */
export const text = (said: string, also = {}) => chunk([{ text: said }], also);

/** What a tap sees of these chunks as events. */
export const watch = (chunks: readonly object[], options = {}) =>
  watchText(geminiStreamGenerateContent, chunks.map((each) => eventOf(each)).join(""), options);
/** What a tap sees of a stream that is an array. */
export const watchArray = (stream: string) => watchText(geminiStreamGenerateContent, stream, { contentType: ARRAY });
