import type { StreamTapOptions } from "../../../services/gateway/dialects/dialect.ts";
import { openAiResponses } from "../../../services/gateway/dialects/openai-responses/openai-responses.ts";
import { watchText as watched } from "./watched-stream.ts";

/** What a response says of itself from the beginning. */
export const HEAD = { id: "resp_1", object: "response", model: "gpt-x", instructions: "be brief" };
/** What it has taken. */
export const USAGE = {
  input_tokens: 9,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 14,
};
/** An item that is a text. */
export const MESSAGE = {
  id: "msg_1",
  type: "message",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text: "one two", annotations: [] }],
};
/** An item that is a call of a tool. */
export const CALL = { id: "fc_1", type: "function_call", call_id: "c1", name: "look_up", arguments: '{"q":1}' };

/** A tap of a stream of responses. */
export const tapOf = (options: Partial<StreamTapOptions> = {}) =>
  openAiResponses.createStreamTap({
    withholdUsage: false,
    contentType: "",
    eventBytesMax: 9_999,
    payloadBytesMax: 9_999,
    ...options,
  });
/** What a tap sees of a stream. */
export const watchText = (text: string, options: Partial<StreamTapOptions> = {}) =>
  watched(openAiResponses, text, options);
/** An event of a type. */
export const eventOf = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 3, ...fields })}\n\n`;
/** How a stream begins. */
export const created = eventOf("response.created", {
  response: { ...HEAD, status: "in_progress", output: [], usage: null },
});
/** How it ends, by the status of its response. */
export const ended = (status: string, also: object) =>
  eventOf(`response.${status}`, { response: { ...HEAD, status, usage: USAGE, ...also } });
/** The end of a whole one. */
export const completed = ended("completed", { output: [MESSAGE] });
/** An item begins. */
export const began = (index: number, item: object) =>
  eventOf("response.output_item.added", { output_index: index, item });
/** A piece of a text. */
export const text = (delta: string, at = {}) =>
  eventOf("response.output_text.delta", { output_index: 0, content_index: 0, delta, ...at });
