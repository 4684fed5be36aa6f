import type { Answer, Finish, Usage } from "../answer.ts";
import { chatAskedOf, chatShape } from "../openai/chat-request.ts";
import { readShape } from "../read-shape.ts";
import { EVENT_STREAM, type TypedData, typedEventOf } from "../server-sent-event.ts";
import type { Reader } from "../wire-format.ts";

/** Cohere's chat, version 2: asked like OpenAI's, answered in its own words. */
export const readCohereChat: Reader = ({ body }) =>
  readShape(chatShape, body, (shape) => ({
    asked: chatAskedOf(shape),
    write: (answer) =>
      shape.stream
        ? { contentType: EVENT_STREAM, chunks: eventsOf(answer).map(typedEventOf), error: () => typedEventOf(FAILED) }
        : { body: JSON.stringify(messageOf(answer)) },
  }));

const FINISH_REASONS: Readonly<Record<Finish, string>> = {
  stop: "COMPLETE",
  length: "MAX_TOKENS",
  "tool-calls": "TOOL_CALL",
  "content-filter": "ERROR_TOXIC",
  error: "ERROR",
};

const FAILED = {
  type: "message-end",
  delta: { finish_reason: "ERROR", error: "The server had an error.", ...usageOf() },
};

function messageOf({ id, reasoning, text, calls, finish, usage }: Answer) {
  const content = [
    ...(reasoning.length === 0 ? [] : [{ type: "thinking", thinking: reasoning.join("") }]),
    ...(text.length === 0 || calls.length > 0 ? [] : [{ type: "text", text: text.join("") }]),
  ];
  const called = calls.map((call) => ({
    id: `${call.name}_${call.id.slice(-12)}`,
    type: "function",
    function: { name: call.name, arguments: call.pieces.join("") },
  }));
  const message = {
    role: "assistant",
    ...(content.length === 0 ? {} : { content }),
    ...(calls.length === 0 ? {} : { tool_plan: text.join(""), tool_calls: called }),
  };
  return { id, message, finish_reason: FINISH_REASONS[finish], ...usageOf(usage) };
}

function eventsOf({ id, reasoning, text, calls, finish, usage }: Answer): readonly TypedData[] {
  const empty = { role: "assistant", content: [], tool_plan: "", tool_calls: [], citations: [] };
  const planned = calls.length > 0;
  return [
    { id, type: "message-start", delta: { message: empty } },
    ...(reasoning.length === 0 ? [] : contentEventsOf("thinking", reasoning, 0)),
    ...(text.length === 0 || planned ? [] : contentEventsOf("text", text, reasoning.length === 0 ? 0 : 1)),
    ...(planned ? text.map((piece) => ({ type: "tool-plan-delta", delta: { message: { tool_plan: piece } } })) : []),
    ...calls.flatMap(({ id, name, pieces }, index) => [
      {
        type: "tool-call-start",
        index,
        delta: {
          message: {
            tool_calls: { id: `${name}_${id.slice(-12)}`, type: "function", function: { name, arguments: "" } },
          },
        },
      },
      ...pieces.map((piece) => ({
        type: "tool-call-delta",
        index,
        delta: { message: { tool_calls: { function: { arguments: piece } } } },
      })),
      { type: "tool-call-end", index },
    ]),
    { type: "message-end", delta: { finish_reason: FINISH_REASONS[finish], ...usageOf(usage) } },
  ];
}

function contentEventsOf(type: "thinking" | "text", pieces: readonly string[], index: number): readonly TypedData[] {
  const deltaOf = (content: object) => ({ index, delta: { message: { content } } });
  return [
    { type: "content-start", ...deltaOf({ type, [type]: "" }) },
    ...pieces.map((piece) => ({ type: "content-delta", ...deltaOf({ [type]: piece }) })),
    { type: "content-end", index },
  ];
}

function usageOf(usage?: Usage) {
  if (usage === undefined) return {};
  const tokens = { input_tokens: usage.input, output_tokens: usage.output };
  return { usage: { billed_units: tokens, tokens, cached_tokens: usage.cachedInput } };
}
