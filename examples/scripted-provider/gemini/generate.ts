import { type Answer, argumentsOf, type Finish, type ToolCall } from "../answer.ts";
import { readShape } from "../read-shape.ts";
import { EVENT_STREAM } from "../server-sent-event.ts";
import type { Chunk, Reader, StreamReply } from "../wire-format.ts";
import { STREAM_ERROR } from "./error.ts";
import { generateAskedOf, generateShape } from "./generate-request.ts";
import { usageMetadataOf } from "./usage.ts";

/** Gemini's `generateContent`. */
export const readGenerate: Reader = ({ body, model = "" }) =>
  readShape(generateShape, body, (shape) => ({
    asked: generateAskedOf(shape, model),
    write: (answer) => ({ body: `${JSON.stringify(wholeOf(answer), null, 2)}\n` }),
  }));

/** Gemini's `streamGenerateContent`: server-sent events with `alt=sse`, else the elements of a JSON array. */
export const readStreamGenerate: Reader = ({ body, model = "", query }) =>
  readShape(generateShape, body, (shape) => ({
    asked: generateAskedOf(shape, model),
    write: (answer) => (query.get("alt") === "sse" ? eventsOf(partialsOf(answer)) : arrayOf(partialsOf(answer))),
  }));

const FINISH_REASONS: Readonly<Record<Finish, string>> = {
  stop: "STOP",
  length: "MAX_TOKENS",
  "tool-calls": "STOP",
  "content-filter": "SAFETY",
  error: "OTHER",
};

function eventsOf(partials: readonly object[]): StreamReply {
  const eventOf = (data: object): Chunk => `data: ${JSON.stringify(data)}\r\n\r\n`;
  return { contentType: EVENT_STREAM, chunks: partials.map(eventOf), error: () => eventOf(STREAM_ERROR) };
}

function arrayOf(partials: readonly object[]): StreamReply {
  const elementOf = (data: object, index: number): Chunk =>
    `${index === 0 ? "[" : ",\r\n"}${JSON.stringify(data, null, 2)}\n`;
  const chunks = partials.map(elementOf);
  return {
    contentType: "application/json; charset=UTF-8",
    chunks: [...chunks.slice(0, -1), `${chunks.at(-1)}]`],
    error: (sent) => `${elementOf(STREAM_ERROR, sent)}]`,
  };
}

function wholeOf(answer: Answer): object {
  const { text, reasoning, calls } = answer;
  const parts = [
    ...(reasoning.length === 0 ? [] : [{ text: reasoning.join(""), thought: true }]),
    ...(text.length === 0 && calls.length > 0 ? [] : [{ text: text.join("") }]),
    ...calls.map(callPartOf),
  ];
  return endOf(answer, parts);
}

/** What each event of a stream has: a part, and how many tokens there were so far. The last says why it ended. */
function partialsOf(answer: Answer): readonly object[] {
  const { text, reasoning, calls } = answer;
  const parts = [
    ...reasoning.map((piece) => ({ text: piece, thought: true })),
    ...text.map((piece) => ({ text: piece })),
    ...calls.map(callPartOf),
  ];
  return [
    ...parts.map((part, index) => responseOf(answer, { content: contentIn([part]), index: 0 }, index + 1)),
    endOf(answer, [{ text: "" }]),
  ];
}

function endOf(answer: Answer, parts: readonly object[]): object {
  const candidate = { content: contentIn(parts), finishReason: FINISH_REASONS[answer.finish], index: 0 };
  return responseOf(answer, candidate, undefined);
}

/** `sent`: after how many parts of a stream. Undefined: after all. */
function responseOf(answer: Answer, candidate: object, sent: number | undefined): object {
  return {
    candidates: [candidate],
    ...(answer.usage === undefined ? {} : { usageMetadata: usageMetadataOf(answer.usage, sent) }),
    modelVersion: answer.model,
    responseId: answer.id,
  };
}

function contentIn(parts: readonly object[]): object {
  return { parts, role: "model" };
}

function callPartOf(call: ToolCall) {
  return {
    functionCall: { id: `call_${call.id}`, name: call.name, args: argumentsOf(call) },
    thoughtSignature: Buffer.from(`signed ${call.id}`).toString("base64"),
  };
}
