import { fieldOf } from "#lib/traces/json-fields.ts";
/** A format in which an endpoint can be asked. */
export interface Shape {
  readonly key: ShapeKey;
  readonly words: string;
  /** Where an endpoint is asked. */
  readonly pathOf: (endpoint: string, stream: boolean) => string;
  /** The body that asks an endpoint. */
  readonly bodyOf: (endpoint: string, text: string, stream: boolean) => object;
  /** What an event of a stream adds to the answer's text. */
  readonly deltaOf: (event: unknown) => string;
  /** The text of a whole answer. */
  readonly answerOf: (answer: unknown) => string;
}

export type ShapeKey = "openai" | "anthropic" | "responses" | "gemini";

const TOKENS_MAX = 1024;

/** All of them, in the order they are offered. */
export const SHAPES: readonly Shape[] = [
  {
    key: "openai",
    words: "OpenAI",
    pathOf: () => "/v1/chat/completions",
    bodyOf: (model, content, stream) => ({ model, messages: [{ role: "user", content }], stream }),
    deltaOf: (event) => textAt(event, "choices", 0, "delta", "content"),
    answerOf: (answer) => textAt(answer, "choices", 0, "message", "content"),
  },
  {
    key: "anthropic",
    words: "Anthropic",
    pathOf: () => "/anthropic/v1/messages",
    bodyOf: (model, content, stream) => ({
      model,
      max_tokens: TOKENS_MAX,
      messages: [{ role: "user", content }],
      stream,
    }),
    deltaOf: (event) => textAt(event, "delta", "text"),
    answerOf: (answer) => textAt(answer, "content", 0, "text"),
  },
  {
    key: "responses",
    words: "Responses",
    pathOf: () => "/v1/responses",
    bodyOf: (model, input, stream) => ({ model, input, stream }),
    deltaOf: (event) => (textAt(event, "type") === "response.output_text.delta" ? textAt(event, "delta") : ""),
    answerOf: (answer) => textAt(answer, "output", 0, "content", 0, "text"),
  },
  {
    key: "gemini",
    words: "Gemini",
    pathOf: (model, stream) =>
      `/gemini/v1beta/models/${encodeURIComponent(model)}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    bodyOf: (_model, text) => ({ contents: [{ role: "user", parts: [{ text }] }] }),
    deltaOf: textOfCandidate,
    answerOf: textOfCandidate,
  },
];

/** Of Gemini's a piece of an answer has the form of a whole one. */
function textOfCandidate(answer: unknown): string {
  return textAt(answer, "candidates", 0, "content", "parts", 0, "text");
}

/** The text at a place in JSON. Empty: there is none. */
function textAt(json: unknown, ...path: readonly (string | number)[]): string {
  const found = path.reduce((value, step) => fieldOf(value, String(step)), json);
  return typeof found === "string" ? found : "";
}
