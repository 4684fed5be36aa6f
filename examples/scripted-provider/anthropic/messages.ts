import type { Answer, Finish } from "../answer.ts";
import { readShape } from "../read-shape.ts";
import { EVENT_STREAM, typedEventOf } from "../server-sent-event.ts";
import type { Reader } from "../wire-format.ts";
import { blocksOf } from "./blocks.ts";
import { STREAM_ERROR } from "./error.ts";
import { messageEventsOf } from "./message-stream.ts";
import { messagesAskedOf, messagesShape } from "./messages-request.ts";
import { messageUsageOf } from "./usage.ts";

/** Anthropic's messages. */
export const readMessages: Reader = ({ body }) =>
  readShape(messagesShape, body, (shape) => {
    if (shape.max_tokens === undefined) return "max_tokens: Field required";
    return {
      asked: messagesAskedOf(shape),
      write: (answer) => {
        const message = messageOf(answer);
        if (!shape.stream) return { body: JSON.stringify(message) };
        return {
          contentType: EVENT_STREAM,
          chunks: messageEventsOf(answer, message).map(typedEventOf),
          error: () => typedEventOf(STREAM_ERROR),
        };
      },
    };
  });

/** Anthropic's count of a message's tokens. */
export const readCountTokens: Reader = ({ body }) =>
  readShape(messagesShape, body, (shape) => {
    const asked = messagesAskedOf(shape);
    return { asked, write: () => ({ body: JSON.stringify({ input_tokens: asked.promptTokens }) }) };
  });

const STOP_REASONS: Readonly<Record<Finish, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  "tool-calls": "tool_use",
  "content-filter": "refusal",
  error: "end_turn",
};

function messageOf(answer: Answer) {
  return {
    id: `msg_${answer.id}`,
    type: "message",
    role: "assistant",
    model: answer.model,
    content: blocksOf(answer).map(({ whole }) => whole),
    stop_reason: STOP_REASONS[answer.finish],
    stop_sequence: null,
    ...(answer.usage === undefined ? {} : { usage: messageUsageOf(answer.usage) }),
  };
}
