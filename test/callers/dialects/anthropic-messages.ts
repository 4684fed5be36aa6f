import { expect } from "vitest";
import { Dialect } from "#proto/twinspan/gateway/v1/invocation.ts";
import { type ChatCaller, CITY, callInBytes, eventsIn, type Json, type Read, type Wanted } from "./dialect-caller.ts";

/** A caller of Anthropic's messages. */
export const anthropicCaller: ChatCaller = {
  requestType: "passthrough/model/anthropic-messages",
  finish: { stop: "end_turn", tools: "tool_use", length: "max_tokens" },
  usage: ({ input, output, cached }) => ({
    input_tokens: input - cached,
    cache_read_input_tokens: cached,
    output_tokens: output,
  }),
  refusal: (status, said) => ({
    type: status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "api_error",
    message: expect.stringContaining(said),
  }),
  cut: { type: "api_error" },
  call(clients, wanted) {
    const { endpoint, stream = false } = wanted;
    const body = JSON.stringify(messageOf(wanted));
    const invocation = { dialect: Dialect.DIALECT_ANTHROPIC_MESSAGES };
    return callInBytes(clients, wanted, { model: endpoint, body, invocation }, (told) =>
      stream && told.head?.status === 200 ? readEvents(eventsIn(told.body)) : readMessage(JSON.parse(told.body)),
    );
  },
};

function messageOf({ endpoint, question, stream, tools, image }: Wanted): object {
  const seen = { type: "image", source: { type: "base64", media_type: "image/png", data: image } };
  const content = image === undefined ? question : [{ type: "text", text: question }, seen];
  return {
    model: endpoint,
    max_tokens: 1000,
    messages: [{ role: "user", content }],
    ...(stream ? { stream } : {}),
    ...(tools ? { tools: [{ name: "weather", input_schema: CITY }] } : {}),
  };
}

function readMessage({ content = [], stop_reason: finish, usage, error }: Json): Read {
  const blocks: Json[] = content;
  return {
    text: blocks.map(({ text }) => text ?? "").join(""),
    reasoning: blocks.map(({ thinking }) => thinking ?? "").join(""),
    toolCalls: blocks.filter(({ type }) => type === "tool_use").map(({ name, input }) => ({ name, input })),
    finish,
    usage,
    error,
  };
}

function readEvents(events: readonly Json[]): Read {
  const content: Json[] = [];
  const message: Json = { content };
  for (const event of events) {
    const block = content[event.index];
    switch (event.type) {
      case "message_start":
        message.usage = event.message.usage;
        break;
      case "content_block_start":
        content[event.index] = { ...event.content_block, json: "" };
        break;
      case "content_block_delta":
        if (event.delta.type === "text_delta") block.text += event.delta.text;
        if (event.delta.type === "thinking_delta") block.thinking += event.delta.thinking;
        if (event.delta.type === "input_json_delta") block.json += event.delta.partial_json;
        break;
      case "content_block_stop":
        if (block.type === "tool_use") block.input = JSON.parse(block.json || "{}");
        break;
      case "message_delta":
        message.stop_reason = event.delta.stop_reason;
        message.usage = { ...message.usage, ...event.usage };
        break;
      case "error":
        message.error = event.error;
        break;
    }
  }
  return readMessage(message);
}
